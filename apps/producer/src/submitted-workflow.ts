/** A document as it was submitted, native or foreign, and what is wrong with it where its author wrote it. */
import { AppError, ForeignFormat } from '@weft/contract';
import type { ImportRemark, ProblemItem, WorkflowDocument } from '@weft/contract';
import { validateDocument } from '@weft/engine/domain';
import { importWorkflow, withLocations } from '@weft/formats';
import type { ParsedDocument } from '@weft/formats';

import { validationEnv } from './app-options.ts';
import type { AppOptions } from './app-options.ts';

/** `document` is there only if there are no errors; `report` only if it was imported. */
export type SubmittedWorkflow = { document?: WorkflowDocument; errors: ProblemItem[]; report?: ImportRemark[] };

/** Reads and checks a parsed document. Throws AppError `node_type_unsupported` for a format that cannot be read. */
export function submittedWorkflow(
  options: AppOptions,
  { value, locate }: ParsedDocument & { ok: true },
  format: string,
): SubmittedWorkflow {
  const env = validationEnv(options);
  if (format === 'native') {
    const { issues, ...valid } = validateDocument(value, env);
    return { ...valid, errors: withLocations(issues, locate) };
  }
  const foreign = ForeignFormat.safeParse(format);
  if (!foreign.success) throw unsupportedFormat(format);
  const { document, errors, report } = importWorkflow(value, { format: foreign.data, env, locate });
  return document && errors.length === 0
    ? { document: document as WorkflowDocument, errors, report }
    : { errors, report };
}

function unsupportedFormat(format: string): AppError {
  const message = `the format ${format} is not supported yet`;
  const errors = [{ code: 'node_type_unsupported', pointer: '/query/format', message }];
  return new AppError('node_type_unsupported', message, { errors });
}
