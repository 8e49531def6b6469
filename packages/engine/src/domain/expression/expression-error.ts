/** What went wrong with a piece of a workflow that is computed. The first two come from compiling, the others from running. */
export type ExpressionErrorCode =
  | 'bad_condition'
  | 'bad_template'
  | 'expression_failed'
  | 'template_failed'
  | 'artifact_not_loaded';

/**
 * Thrown by everything that compiles or runs conditions, templates and references.
 *
 * `pointer` is a JSON pointer from the compiled value to the string at fault (`""` = the value itself).
 */
export class ExpressionError extends Error {
  readonly code: ExpressionErrorCode;
  readonly pointer: string;

  constructor(code: ExpressionErrorCode, message: string, options: ErrorOptions & { pointer?: string } = {}) {
    super(message, options);
    this.name = 'ExpressionError';
    this.code = code;
    this.pointer = options.pointer ?? '';
  }
}

/** The same error, located at `pointer`. */
export function errorAt(error: ExpressionError, pointer: string): ExpressionError {
  return new ExpressionError(error.code, error.message, { cause: error.cause, pointer: pointer + error.pointer });
}

/** The first line of what was thrown: libraries put source extracts and stacks below it. */
export function firstLine(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.split('\n', 1)[0] ?? text;
}
