import type { Run } from '@weft/contract';

import { JsonView } from '../../parts/json-view.tsx';
import type { ShownTask } from './run-model.ts';

/** What the run was given and what it gave, and the same of its tasks. */
export function IoTab({ run, tasks }: { run: Run; tasks: readonly ShownTask[] }) {
  const withOutput = tasks.filter(({ task }) => task?.output !== undefined);
  return (
    <div className="stack">
      <div className="two">
        <section className="card stack" aria-label="Input">
          <h2>Input of the run</h2>
          <JsonView value={run.input} />
        </section>
        <section className="card stack" aria-label="Output">
          <h2>Output of the run</h2>
          {run.status === 'succeeded' ? (
            <JsonView value={run.output} />
          ) : (
            <p className="soft">A run has its output once it has succeeded.</p>
          )}
        </section>
      </div>
      {withOutput.length > 0 && <h2>Outputs of its tasks</h2>}
      {withOutput.slice(0, 200).map(({ key, task }) => (
        <details key={key} className="card">
          <summary>{key}</summary>
          <JsonView value={task?.output} />
        </details>
      ))}
    </div>
  );
}
