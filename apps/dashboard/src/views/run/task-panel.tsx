import type { Task } from '@weft/contract';

import { api } from '../../api/session.ts';
import { isFinal, nodeOf } from '../../live/merge.ts';
import { CliLine } from '../../parts/cli-line.tsx';
import { JsonView } from '../../parts/json-view.tsx';
import { Loaded } from '../../parts/loading.tsx';
import { StatusMark } from '../../parts/status-mark.tsx';
import { useNow } from '../../parts/use-now.ts';
import { clockTime, plural, took, usd } from '../../parts/words.ts';
import { Link } from '../../router/link.tsx';
import { hrefOf } from '../../router/router.ts';
import { useResource } from '../../store/resource.ts';
import type { RunModel, ShownTask } from './run-model.ts';

/** More tasks of one node than this are not listed by name. */
const NAMED = 60;

type Props = { model: RunModel; selected: string | null; select: (key: string) => void };

/** One task: why it waits, why it failed, what it was given and what it gave. */
export function TaskPanel({ model, selected, select }: Props) {
  if (selected === null) return <p className="card soft">Choose a node to see its tasks, or why it does not run.</p>;
  const shown = model.tasks.find(({ key }) => key === selected);
  const siblings = model.tasks.filter(({ node }) => node === nodeOf(selected) || node === selected);
  return (
    <section className="card stack" aria-label={`Task ${selected}`}>
      <h2>{selected}</h2>
      {siblings.length > 1 && <Siblings tasks={siblings} selected={selected} select={select} />}
      {shown ? (
        <TaskFacts shown={shown} />
      ) : (
        <p className="soft">No task of this node has been armed: nothing led to it yet.</p>
      )}
    </section>
  );
}

function Siblings({
  tasks,
  selected,
  select,
}: {
  tasks: readonly ShownTask[];
  selected: string;
  select: (key: string) => void;
}) {
  return (
    <label className="field">
      {plural(tasks.length, 'task')} of this node
      <select value={selected} onChange={(event) => select(event.target.value)}>
        {tasks.slice(-NAMED).map(({ key, status }) => (
          <option key={key} value={key}>
            {key} – {status}
          </option>
        ))}
      </select>
    </label>
  );
}

function TaskFacts({ shown }: { shown: ShownTask }) {
  const { task, status, attempt, progress } = shown;
  const now = useNow(isFinal(status) ? null : 1000);
  return (
    <>
      <div className="row">
        <StatusMark status={status} />
        {task && <span>{took(task.startedAt, task.endedAt, now)}</span>}
        {progress !== undefined && <span className="soft">{JSON.stringify(progress)}</span>}
      </div>
      {task && !isFinal(status) && status !== 'running' && <WhyWaiting task={task} />}
      {task?.error && (
        <div className="problem">
          <strong>{task.error.code}</strong>
          <p>{task.error.message}</p>
          {task.error.details && <JsonView value={task.error.details} />}
        </div>
      )}
      {task && <Numbers task={task} attempt={attempt} />}
      {task && <Payloads task={task} />}
    </>
  );
}

function Numbers({ task, attempt }: { task: Task; attempt: number }) {
  const facts: [string, string | undefined][] = [
    ['attempt', `${attempt} (${task.failures} failed, at most ${task.maxAttempts})`],
    ['lane', `${task.lane}, ${task.priority}`],
    ['worker', task.worker],
    ['endpoint', task.endpoint],
    ['queued', task.queuedAt === null ? undefined : clockTime(task.queuedAt)],
    ['started', task.startedAt === null ? undefined : clockTime(task.startedAt)],
    ['cost', task.usage.usd > 0 ? usd(task.usage.usd) : undefined],
  ];
  return (
    <dl className="facts">
      {facts.map(([name, value]) =>
        value === undefined ? null : (
          <div key={name} className="contents">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
      {task.childRunId !== undefined && (
        <div className="contents">
          <dt>child</dt>
          <dd>
            <Link href={hrefOf('run', { id: task.childRunId })}>its run</Link>
          </dd>
        </div>
      )}
    </dl>
  );
}

/** The list leaves inputs out; a task is read whole when somebody looks. */
function Payloads({ task: { id, status, attempt } }: { task: Task }) {
  const whole = useResource(`task:${id}:${status}:${attempt}`, () => api().tasks.get(id));
  return (
    <Loaded of={whole}>
      {({ input, output }) => (
        <>
          {input !== undefined && <Payload label="Input" value={input} />}
          {output !== undefined && <Payload label="Output" value={output} />}
        </>
      )}
    </Loaded>
  );
}

function Payload({ label, value }: { label: string; value: unknown }) {
  return (
    <details open>
      <summary>{label}</summary>
      <JsonView value={value} />
    </details>
  );
}

function WhyWaiting({ task: { id, status, attempt } }: { task: Task }) {
  const why = useResource(`why:${id}:${status}:${attempt}`, () => api().tasks.why(id));
  return (
    <div className="stack">
      <h3>Why is it not running?</h3>
      <Loaded of={why}>
        {({ reasons }) => (
          <ul className="reasons">
            {reasons.map(({ code, message }) => (
              <li key={code + message}>{message}</li>
            ))}
          </ul>
        )}
      </Loaded>
      <CliLine line={`npx weft why ${id}`} />
    </div>
  );
}
