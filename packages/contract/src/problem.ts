import { z } from 'zod';

/** Why a run cannot go on by another version of its workflow; `version_misfit` is the code of the answer, these of its `errors`. */
const misfitTable = {
  mode_changed: { status: 409, title: 'The mode of the workflow changes' },
  mode_unsupported: { status: 409, title: 'Runs in this mode cannot move' },
  node_removed: { status: 409, title: 'A node that the run still needs is missing' },
  node_type_changed: { status: 409, title: 'A node that has run has another type' },
  node_running: { status: 409, title: 'A node that is running changes' },
  node_too_late: { status: 409, title: 'A new node could not begin any more' },
  edge_too_late: { status: 409, title: 'A new edge would end too late' },
  join_changed: { status: 409, title: 'Edges change of which some have ended' },
  wait_changed: { status: 409, title: 'What the run waits for changes' },
  breakpoint_removed: { status: 409, title: 'A breakpoint that holds the run is missing' },
  send_changed: { status: 409, title: 'A send that has begun changes' },
  loop_changed: { status: 409, title: 'A loop that has begun changes' },
  failure_policy_changed: { status: 409, title: 'What a failure means changes after it' },
  state_key_removed: { status: 409, title: 'A state key that was written is missing' },
  state_key_changed: { status: 409, title: 'A state key that was written means something else' },
  input_misfit: { status: 409, title: 'The input of the run does not match the new schema' },
} as const satisfies Record<string, { status: number; title: string }>;

export type MisfitCode = keyof typeof misfitTable;

/**
 * Every code that an answer may carry, with its HTTP status and title. The first block is about a whole request, the
 * second about one place in a document or an input; there `invalid_document` or `invalid_input` is the code of the answer
 * and these stand in its `errors`.
 */
export const problemTable = {
  unparsable: { status: 400, title: 'The text cannot be parsed' },
  unauthorized: { status: 401, title: 'A valid token is required' },
  estimate_over_budget: { status: 402, title: 'It would cost more than its budget allows' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'This method is not supported here' },
  conflict: { status: 409, title: 'The present state does not allow this' },
  version_misfit: { status: 409, title: 'The run does not fit this version' },
  idempotency_conflict: { status: 409, title: 'The key was used with another payload' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'This content type is not supported' },
  invalid_document: { status: 422, title: 'The workflow document is invalid' },
  invalid_input: { status: 422, title: 'The input does not match the schema of the workflow' },
  invalid_request: { status: 422, title: 'The request is invalid' },
  no_encryption_key: { status: 422, title: 'The server has no key to encrypt a token with' },
  upgrade_required: { status: 426, title: 'This is a WebSocket' },
  lane_full: { status: 429, title: 'Too much waits on the lane' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Internal error' },
  overloaded: { status: 503, title: 'Too much to do' },
  unavailable: { status: 503, title: 'Not ready to serve' },

  artifact_missing: { status: 404, title: 'There is no such artifact' },
  artifact_in_use: { status: 409, title: 'A run refers to the artifact' },
  artifact_too_large: { status: 413, title: 'The artifact is too large' },
  invalid_range: { status: 416, title: 'The range lies outside of the artifact' },
  invalid_artifact: { status: 422, title: 'A name or a media type that is not allowed' },
  artifact_corrupt: { status: 500, title: 'The content is not what was written' },
  artifact_store_unavailable: { status: 503, title: 'The artifact store does not answer' },
  artifacts_unavailable: { status: 503, title: 'No artifacts are kept here' },
  artifact_store_full: { status: 507, title: 'There is no room for the artifact' },

  unknown_key: { status: 422, title: 'Unknown key' },
  missing_field: { status: 422, title: 'A required field is missing' },
  bad_type: { status: 422, title: 'A value of the wrong type' },
  bad_name: { status: 422, title: 'A name that is not allowed' },
  invalid_value: { status: 422, title: 'A value that is not allowed' },
  duplicate_name: { status: 422, title: 'A name is given twice' },
  no_steps: { status: 422, title: 'There are no steps' },
  missing_reference: { status: 422, title: 'A reference to something that does not exist' },
  self_dependency: { status: 422, title: 'A node depends on itself' },
  cycle: { status: 422, title: 'Nodes depend on each other in a circle' },
  ambiguous_loop: { status: 422, title: 'It cannot be told where a loop begins' },
  loop_without_exit: { status: 422, title: 'A loop that nothing ends' },
  unreachable_node: { status: 422, title: 'No path leads to the node' },
  end_unreachable: { status: 422, title: 'No path leads from the node to the end' },
  undefined_state_key: { status: 422, title: 'A state key that is not declared' },
  invalid_route_target: { status: 422, title: 'A route that leads nowhere' },
  invalid_route_default: { status: 422, title: 'A default of a route that leads nowhere' },
  missing_route_edge: { status: 422, title: 'A route without any edge' },
  invalid_send_target: { status: 422, title: 'A node that cannot be the target of a send' },
  item_out_of_scope: { status: 422, title: 'An item is read where there is none' },
  unknown_executor: { status: 422, title: 'Unknown executor' },
  literal_needed: { status: 422, title: 'Must stand in the document as it is' },
  bad_template: { status: 422, title: 'Invalid template' },
  bad_condition: { status: 422, title: 'Invalid condition' },
  bad_schedule: { status: 422, title: 'Instants that cannot be told' },
  never_fires: { status: 422, title: 'A schedule that never fires' },
  bad_schema: { status: 422, title: 'Invalid JSON Schema' },
  limit_nodes: { status: 422, title: 'Too many nodes' },
  limit_depth: { status: 422, title: 'Nested too deep' },
  limit_schedules: { status: 422, title: 'Too many schedules' },
  limit_bytes: { status: 413, title: 'Too large' },
  node_finished: { status: 422, title: 'A node that does not run again' },
  node_type_unsupported: { status: 422, title: 'Not supported yet' },

  ...misfitTable,
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problemTable;

/** One error at one place. The pointer (RFC 6901) names the offending key itself; the root is `""`. */
export const ProblemItem = z
  .object({
    code: z.string(),
    pointer: z.string(),
    line: z.int().min(1).exactOptional(),
    column: z.int().min(1).exactOptional(),
    message: z.string(),
  })
  .meta({ id: 'ProblemItem', description: 'One error at one place' });
export type ProblemItem = z.infer<typeof ProblemItem>;

/** The body of every error answer (RFC 9457). */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    requestId: z.string(),
    errors: z.array(ProblemItem),
  })
  .meta({ id: 'Problem', description: 'The body of every error answer' });
export type Problem = z.infer<typeof Problem>;

/** An error with a stable code, thrown where an expected failure cannot be a value. Its message may be shown. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ProblemCode;
  readonly errors: readonly ProblemItem[];
  /** When it is worth asking again, whole seconds; null where nobody can say. */
  readonly retryAfterS: number | null;

  constructor(
    code: ProblemCode,
    message?: string,
    details: { errors?: readonly ProblemItem[]; cause?: unknown; retryAfterS?: number } = {},
  ) {
    super(message ?? problemTable[code].title, 'cause' in details ? { cause: details.cause } : {});
    this.code = code;
    this.errors = details.errors ?? [];
    this.retryAfterS = details.retryAfterS ?? null;
  }
}

/** The answer that says what went wrong. What is no `AppError` becomes `internal`, without telling its message. */
export function toProblem(error: unknown, requestId: string): Problem {
  const known = error instanceof AppError ? error : new AppError('internal');
  const { status, title } = problemTable[known.code];
  const errors = known.errors.map((item) => ({ ...item }));
  return {
    type: `urn:weft:problem:${known.code}`,
    title,
    status,
    detail: known.message,
    code: known.code,
    requestId,
    errors,
  };
}
