import { expect, test } from 'vitest';
import { AppError, Problem, problemTable, toProblem } from '../src/index.ts';

test('a known error becomes a problem with its status, code and errors', () => {
  const errors = [{ code: 'cycle', pointer: '/nodes/a', line: 3, column: 5, message: 'a -> a' }];
  const problem = toProblem(new AppError('invalid_document', 'one error', { errors }), 'req-1');
  expect(problem).toEqual({
    type: 'urn:weft:problem:invalid_document',
    title: 'The workflow document is invalid',
    status: 422,
    detail: 'one error',
    code: 'invalid_document',
    requestId: 'req-1',
    errors,
  });
  expect(Problem.parse(problem)).toEqual(problem);
});

test('an unknown error tells nothing of itself', () => {
  const problem = toProblem(new Error('password=1234'), 'req-2');
  expect(problem).toMatchObject({ status: 500, code: 'internal', errors: [] });
  expect(JSON.stringify(problem)).not.toContain('1234');
});

test('an error keeps its cause', () => {
  const cause = new Error('below');
  expect(new AppError('unavailable', undefined, { cause }).cause).toBe(cause);
});

test('every code of the API has its status', () => {
  const statusOf = (code: keyof typeof problemTable): number => problemTable[code].status;
  const invalid = [
    ...([
      'unknown_key',
      'duplicate_name',
      'missing_reference',
      'self_dependency',
      'cycle',
      'unreachable_node',
    ] as const),
    ...(['unknown_executor', 'bad_template', 'bad_condition', 'bad_schema', 'limit_nodes', 'limit_depth'] as const),
    ...(['node_type_unsupported', 'invalid_document', 'invalid_input'] as const),
  ];
  for (const code of invalid) expect([code, statusOf(code)]).toEqual([code, 422]);
  expect(statusOf('unparsable')).toBe(400);
  expect(statusOf('unauthorized')).toBe(401);
  expect(statusOf('not_found')).toBe(404);
  expect(statusOf('conflict')).toBe(409);
  expect(statusOf('idempotency_conflict')).toBe(409);
  expect(statusOf('limit_bytes')).toBe(413);
  expect(statusOf('payload_too_large')).toBe(413);
  expect(statusOf('too_many_requests')).toBe(429);
});
