/** Why a test cannot be carried out, which is not that the workflow behaves otherwise than expected. */
export type TestErrorCode =
  | 'invalid_workflow'
  | 'unknown_node'
  | 'not_a_task'
  | 'unscripted_task'
  | 'missing_workflow'
  | 'no_question'
  | 'bad_duration'
  | 'bad_option'
  | 'handler_slow'
  | 'endless'
  | 'bad_test_file'
  | 'bad_recording';

/** `lines`: more of it for people, one thing a line. */
export class WorkflowTestError extends Error {
  override readonly name = 'WorkflowTestError';
  readonly code: TestErrorCode;
  readonly lines: readonly string[];

  constructor(code: TestErrorCode, message: string, lines: readonly string[] = []) {
    super([message, ...lines].join('\n'));
    this.code = code;
    this.lines = lines;
  }
}
