import type { ProblemCode, ProblemItem, WorkflowDocument } from '@weft/contract';
import { validateDocument, type ValidationEnv } from '@weft/engine/domain';
import { type MediaType, parseDocument, type ParseLimits } from './parse-document.ts';
import { withLocations } from './source-map.ts';

/** A valid document, or every error with line and column, under the code that the whole answer bears. */
export type ReadWorkflow =
  | { ok: true; document: WorkflowDocument }
  | { ok: false; code: ProblemCode; errors: ProblemItem[] };

/** How a text is read and what it is held against. */
export type ReadOptions = { mediaType: MediaType; env: ValidationEnv; limits?: Partial<ParseLimits> };

/** From the text of a workflow to a valid document. Throws `AppError` `too_many_requests`, as `parseDocument`. */
export async function readWorkflow(text: string, { mediaType, env, limits }: ReadOptions): Promise<ReadWorkflow> {
  const parsed = await parseDocument(text, mediaType, limits);
  if (!parsed.ok) return { ok: false, code: codeOf(parsed.errors), errors: parsed.errors };
  const { document, issues } = validateDocument(parsed.value, env);
  if (document) return { ok: true, document };
  return { ok: false, code: 'invalid_document', errors: withLocations(issues, parsed.locate) };
}

function codeOf(errors: readonly ProblemItem[]): ProblemCode {
  if (errors.some((error) => error.code === 'unparsable')) return 'unparsable';
  return errors.some((error) => error.code === 'limit_bytes') ? 'payload_too_large' : 'invalid_document';
}
