import { explain } from '../api/explain.ts';
import { createStore, useStore } from '../store/store.ts';

/** Something that is done to many things, one after the other, with a name that tells what. */
export type Job = {
  id: number;
  name: string;
  total: number;
  done: number;
  refused: { what: string; why: string }[];
  state: 'running' | 'stopped' | 'ended';
};

const AT_ONCE = 4;
const jobs = createStore<readonly Job[]>([]);
const stopped = new Set<number>();
let nextId = 1;

/** Does `act` to each item, a few at once, and shows how far it is; goes on while the page is open, whatever view it shows. */
export async function startJob<T>(
  name: string,
  items: readonly T[],
  { act, nameOf }: { act: (item: T) => Promise<unknown>; nameOf: (item: T) => string },
): Promise<void> {
  const id = nextId;
  nextId += 1;
  jobs.set((before) => [...before, { id, name, total: items.length, done: 0, refused: [], state: 'running' }]);
  const left = [...items];
  const work = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined && !stopped.has(id); item = left.shift()) {
      try {
        await act(item);
        change(id, (job) => ({ ...job, done: job.done + 1 }));
      } catch (error) {
        const refusal = { what: nameOf(item), why: explain(error).detail };
        change(id, (job) => ({ ...job, refused: [...job.refused, refusal] }));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  change(id, (job) => ({ ...job, state: stopped.has(id) ? 'stopped' : 'ended' }));
}

function change(id: number, to: (job: Job) => Job): void {
  jobs.set((before) => before.map((job) => (job.id === id ? to(job) : job)));
}

/** All jobs of this page, the newest last. */
export function Jobs() {
  const all = useStore(jobs);
  if (all.length === 0) return null;
  return (
    <section className="jobs" aria-label="Jobs">
      {all.map((job) => (
        <JobLine key={job.id} job={job} />
      ))}
    </section>
  );
}

function JobLine({ job: { id, name, total, done, refused, state } }: { job: Job }) {
  const remove = () => jobs.set((before) => before.filter((job) => job.id !== id));
  return (
    <div className="job">
      <strong>{name}</strong>
      <progress aria-label={name} max={total} value={done + refused.length} />
      <span>
        {done} of {total} done{refused.length > 0 && `, ${refused.length} refused`}
        {state === 'stopped' && ', stopped'}
      </span>
      {refused.length > 0 && (
        <details>
          <summary>Why</summary>
          <ul>
            {refused.slice(0, 20).map(({ what, why }) => (
              <li key={what}>
                {what}: {why}
              </li>
            ))}
          </ul>
        </details>
      )}
      {state === 'running' ? (
        <button type="button" onClick={() => stopped.add(id)}>
          Stop
        </button>
      ) : (
        <button type="button" className="quiet" onClick={remove}>
          Dismiss
        </button>
      )}
    </div>
  );
}
