import type { Checkpoint, PatchOperation, Run } from '@weft/contract';

import { api } from '../../api/session.ts';
import { JsonView } from '../../parts/json-view.tsx';
import { Loaded } from '../../parts/loading.tsx';
import { duration, plural, usd } from '../../parts/words.ts';
import { useResource } from '../../store/resource.ts';

type Props = {
  run: Run;
  /** The step that is looked at. */
  at: number;
  /** The step that it is compared with; null: the one before. */
  from: number | null;
  checkpoint: Checkpoint | null;
  onFrom: (step: number | null) => void;
};

/** The state after a step, and what it has that it had not after another one. */
export function StateTab({ run, at, from, checkpoint, onFrom }: Props) {
  const state = checkpoint && checkpoint.step === at ? checkpoint.state : run.state;
  const isEmpty = Object.keys(state).length === 0;
  return (
    <div className="two">
      <section className="card stack" aria-label="State">
        <h2>State after step {at}</h2>
        {isEmpty ? (
          <p className="soft">
            This workflow keeps no state: it declares no keys. With{' '}
            <code>state: {'{ notes: { reducer: append } }'}</code> in the document, nodes write to it and it shows up
            here, step by step.
          </p>
        ) : (
          <JsonView value={state} />
        )}
      </section>
      <section className="card stack" aria-label="Changes">
        <div className="row">
          <h2>Changes since step</h2>
          <input
            type="number"
            aria-label="Step to compare with"
            min={1}
            max={run.step}
            value={from ?? Math.max(1, at - 1)}
            onChange={(event) => onFrom(event.target.value === '' ? null : Number(event.target.value))}
          />
        </div>
        <Changes runId={run.id} from={from ?? Math.max(1, at - 1)} to={at} />
      </section>
    </div>
  );
}

function Changes({ runId, from, to }: { runId: string; from: number; to: number }) {
  const diff = useResource(`diff:${runId}:${from}:${to}`, () => api().runs.diff(runId, { from, to }));
  return (
    <Loaded of={diff}>
      {({ patch, tasks, elapsedMs, usage }) => (
        <div className="stack">
          {patch.length === 0 && <p className="soft">The state is the same.</p>}
          <div>
            {patch.map((operation) => (
              <Change key={operation.path} operation={operation} />
            ))}
          </div>
          <p className="soft">
            {duration(Math.abs(elapsedMs))} between them · {plural(tasks.counts.added, 'task')} new,{' '}
            {tasks.counts.changed} changed · {usd(Math.max(0, usage.to.usd - usage.from.usd))}
          </p>
        </div>
      )}
    </Loaded>
  );
}

const SIGNS = { add: '+', remove: '−', replace: '~' } as const;

function Change({ operation }: { operation: PatchOperation }) {
  const { op, path } = operation;
  return (
    <div className={`change change-${op}`}>
      <span aria-label={op}>{SIGNS[op]}</span>
      <span>{path === '' ? '(all)' : path}</span>
      {op === 'remove' ? <span /> : <JsonView value={operation.value} depth={2} />}
    </div>
  );
}
