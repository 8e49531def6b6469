import type { Run } from '@weft/contract';

import type { ShownTask } from './run-model.ts';

/** Why a run has failed, in the first place that is looked at. */
export function WhyFailed({
  run,
  tasks,
  select,
}: {
  run: Run;
  tasks: readonly ShownTask[];
  select: (key: string) => void;
}) {
  const { error, status } = run;
  if (status !== 'failed' || !error) return null;
  const failed = tasks.find((one) => one.status === 'failed');
  return (
    <div className="problem" role="note" aria-label="Why the run has failed">
      <strong>
        {failed ? `${failed.node} failed` : 'The run failed'}: {error.code}
      </strong>
      <p>{failed?.task?.error?.message ?? error.message}</p>
      {failed && (
        <p className="soft">
          {failed.task ? `${failed.task.failures} of ${failed.task.maxAttempts} attempts failed. ` : ''}
          Mend the cause and retry from the failed step, or go back with the steps below and fork with another state.
        </p>
      )}
      {failed && (
        <button type="button" onClick={() => select(failed.key)}>
          Look at {failed.key}
        </button>
      )}
    </div>
  );
}
