import type { ForeignFormat, ImportRemark, Json, JsonObject, ProblemItem } from '@weft/contract';
import { validateDocument, type ValidationEnv } from '@weft/engine/domain';
import { importDocument } from './foreign/import-document.ts';
import { type Locate, withLocations } from './source-map.ts';

/**
 * What a foreign document is here. `document` is there unless the import itself failed; `errors` tells what is wrong with
 * it, `report` what could not be mapped exactly. All places are those of the foreign document.
 */
export type ImportedWorkflow = { document?: JsonObject; errors: ProblemItem[]; report: ImportRemark[] };

export type ImportOptions = { format: ForeignFormat; env: ValidationEnv; locate: Locate };

/** Imports a parsed document and validates what came of it. */
export function importWorkflow(value: Json, { format, env, locate }: ImportOptions): ImportedWorkflow {
  const imported = importDocument(format, value, env.maxNodes);
  const report = withLocations(imported.report, locate);
  if (!imported.ok) return { errors: withLocations(imported.errors, locate), report };
  const { document, place } = imported;
  const issues = validateDocument(document, env).issues.map((issue) => ({ ...issue, pointer: place(issue.pointer) }));
  return { document, errors: withLocations(issues, locate), report };
}
