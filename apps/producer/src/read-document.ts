/** A document out of a request, checked as a whole. */
import { AppError } from '@weft/contract';
import type { ProblemItem, WorkflowDocument } from '@weft/contract';
import { validateDocument } from '@weft/engine/domain';

import type { AppOptions } from './app-options.ts';
import { validationEnv } from './app-options.ts';
import { summary } from './http/request-problems.ts';

/** The valid document. Throws AppError (`invalid_document`, or `node_type_unsupported` if that is all) with every error, each at the pointer that `place` makes of it. */
export function readDocument(
  options: AppOptions,
  value: unknown,
  place: (pointer: string) => string = (pointer) => pointer,
): WorkflowDocument {
  const { document, issues } = validateDocument(value, validationEnv(options));
  if (!document) throw invalidDocument(issues.map((issue) => ({ ...issue, pointer: place(issue.pointer) })));
  return document;
}

/** The refusal of a document with all its errors. */
export function invalidDocument(errors: readonly ProblemItem[]): AppError {
  const unsupported = errors.every((error) => error.code === 'node_type_unsupported');
  return new AppError(unsupported ? 'node_type_unsupported' : 'invalid_document', summary(errors), { errors });
}
