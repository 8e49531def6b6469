/** Outputs that are kept as artifacts: what stands in their place. */
import type { ArtifactRef, Json, JsonObject } from '@weft/contract';

/** The beginning of the JSON text, for whoever looks at the task. */
const PREVIEW_LENGTH = 256;

/** What stands in the place of an output. */
export function keptOutput(ref: ArtifactRef, text: string): JsonObject {
  return { $artifact: { ...ref }, preview: text.slice(0, PREVIEW_LENGTH).toWellFormed() };
}

/** The artifact in whose place the value stands; null where it is an output itself. */
export function keptIn(value: Json): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const { $artifact: kept, preview, ...rest } = value;
  if (typeof preview !== 'string' || Object.keys(rest).length > 0) return null;
  if (typeof kept !== 'object' || kept === null || Array.isArray(kept)) return null;
  return typeof kept['artifact'] === 'string' ? kept['artifact'] : null;
}
