/** What is read of a dead letter that is done again. */
import type { NodeResult } from '../../expression/scope.ts';
import type { TaskRecord } from '../records.ts';

/**
 * The failure that a task sees which became ready at `readsAt`, after that failure and before the result that has taken its
 * place (rule A7); null if there was none then.
 */
export function pastFailure({ letter }: Pick<TaskRecord, 'letter'>, readsAt: number): NodeResult | null {
  const failure = letter?.past?.findLast(({ step }) => step <= readsAt);
  return failure ? { output: null, error: failure.error } : null;
}
