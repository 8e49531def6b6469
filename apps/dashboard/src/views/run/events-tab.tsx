import type { Step } from '@weft/contract';
import { useEffect, useState } from 'react';

import { api } from '../../api/session.ts';
import { JsonView } from '../../parts/json-view.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { clockTime, plural } from '../../parts/words.ts';
import type { RunModel } from './run-model.ts';

const PAGE = 200;

/** The journal from its first step, and what is told live. */
export function EventsTab({
  model,
  runId,
  onStep,
}: {
  model: RunModel;
  runId: string;
  onStep: (step: number) => void;
}) {
  const journal = useJournal(runId, model.step);
  const live = model.events.filter(({ n }) => n !== undefined).slice(-100);
  return (
    <div className="stack">
      {journal.error !== null && <ProblemNote error={journal.error} />}
      <table>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Time</th>
            <th scope="col">What</th>
            <th scope="col">Node</th>
            <th scope="col">Wrote</th>
          </tr>
        </thead>
        <tbody>
          {journal.steps.map((step) => (
            <JournalRow key={step.step} step={step} onStep={onStep} />
          ))}
        </tbody>
      </table>
      {journal.more && (
        <button type="button" onClick={journal.readOn}>
          Show more steps
        </button>
      )}
      {live.length > 0 && (
        <section className="card stack" aria-label="Live events">
          <h2>Between the steps{model.omitted > 0 && ` (${plural(model.omitted, 'event')} not shown)`}</h2>
          {live.toReversed().map((event) => (
            <JsonView
              key={`${event.step}.${event.n}`}
              name={`${event.step}.${event.n} ${event.type}`}
              value={event.data}
              depth={2}
            />
          ))}
        </section>
      )}
    </div>
  );
}

function JournalRow({
  step: { step, at, type, node, updates, epoch },
  onStep,
}: {
  step: Step;
  onStep: (step: number) => void;
}) {
  return (
    <tr>
      <td>
        <button type="button" className="quiet" onClick={() => onStep(step)}>
          {step}
        </button>
      </td>
      <td className="mono">{clockTime(at)}</td>
      <td>
        {type.replaceAll('_', ' ')}
        {epoch > 0 && <span className="soft"> (after replay {epoch})</span>}
      </td>
      <td>{node}</td>
      <td>{updates && <JsonView value={updates} depth={2} />}</td>
    </tr>
  );
}

/** The steps page by page; those that are added while it is looked at as well. */
function useJournal(runId: string, last: number) {
  const [steps, setSteps] = useState<readonly Step[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [wanted, setWanted] = useState(PAGE);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    if (steps.length > 0 && (steps.length >= wanted || steps.length >= last)) return;
    let isLeft = false;
    const read = async () => {
      try {
        const from = cursor !== null && steps.length > 0 ? { cursor } : {};
        const page = await api().runs.steps(runId, { limit: PAGE, ...from });
        if (isLeft) return;
        setSteps((before) => ('cursor' in from ? [...before, ...page.items] : page.items));
        setCursor(page.nextCursor);
        setError(null);
      } catch (caught) {
        if (!isLeft) setError(caught);
      }
    };
    void read();
    return () => {
      isLeft = true;
    };
  }, [runId, wanted, last]);
  return { steps, error, more: cursor !== null, readOn: () => setWanted(steps.length + PAGE) };
}
