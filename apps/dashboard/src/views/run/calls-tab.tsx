import type { Json, JsonObject, Step, Task } from '@weft/contract';

import { api } from '../../api/session.ts';
import type { Said } from '../../live/protocol.ts';
import { Empty } from '../../parts/empty.tsx';
import { JsonView } from '../../parts/json-view.tsx';
import { Loaded } from '../../parts/loading.tsx';
import { StatusMark } from '../../parts/status-mark.tsx';
import { count, plural, took, usd } from '../../parts/words.ts';
import { useResource } from '../../store/resource.ts';
import type { RunModel } from './run-model.ts';

/** What was asked of models, agents and other endpoints, with what they said, what it cost, and why it was they. */
export function CallsTab({ model, runId }: { model: RunModel; runId: string }) {
  const calls = model.tasks.flatMap(({ task }) => (task && isCall(task) ? [task] : []));
  const live = [...model.said.values()].filter(({ key }) =>
    model.tasks.some((task) => task.key === key && task.status === 'running'),
  );
  if (calls.length === 0 && live.length === 0)
    return (
      <Empty title="This run asks no model and no agent">
        <p>
          A node with a <code>prompt</code>, an agent, or the executor <code>openai</code> shows up here: what it was
          asked, each turn and tool, tokens and cost, and why its endpoint was chosen.
        </p>
      </Empty>
    );
  const sum = calls.reduce((total, { usage }) => total + usage.usd, 0);
  const tokens = calls.reduce((total, { usage }) => total + usage.inputTokens + usage.outputTokens, 0);
  return (
    <div className="stack">
      <p className="soft">
        {plural(calls.length, 'call')}, {count(tokens)} tokens, {usd(sum)}
      </p>
      {live.map((said) => (
        <LiveText key={said.taskId} said={said} />
      ))}
      {calls.map((task) => (
        <Call key={task.key} task={task} runId={runId} />
      ))}
    </div>
  );
}

function isCall({ placed, endpoint, usage }: Task): boolean {
  return placed !== undefined || endpoint !== undefined || usage.inputTokens + usage.outputTokens > 0;
}

function LiveText({ said: { key, text } }: { said: Said }) {
  return (
    <section className="card" aria-label={`${key} says`}>
      <h3>{key} says now</h3>
      <pre>{text}</pre>
    </section>
  );
}

function Call({ task, runId }: { task: Task; runId: string }) {
  const { key, status, usage, placed, endpoint, attempt, startedAt, endedAt } = task;
  const where = placed ? `${placed.endpoint}${placed.model === null ? '' : ` · ${placed.model}`}` : endpoint;
  return (
    <details className="card">
      <summary>
        <strong>{key}</strong> <StatusMark status={status} /> {where}{' '}
        <span className="soft">{took(startedAt, endedAt, Date.now())}</span> {count(usage.inputTokens)} in,{' '}
        {count(usage.outputTokens)} out, {usd(usage.usd)}
      </summary>
      <div className="stack">
        <Asked taskId={task.id} attempt={attempt} status={status} />
        <Turns runId={runId} taskId={task.id} />
        {placed && <WhyHere why={placed.why} />}
      </div>
    </details>
  );
}

function Asked({ taskId, attempt, status }: { taskId: string; attempt: number; status: string }) {
  const whole = useResource(`task:${taskId}:${status}:${attempt}`, () => api().tasks.get(taskId));
  return (
    <Loaded of={whole}>
      {({ input, output, error }) => (
        <div className="two">
          <div>
            <h3>Asked</h3>
            <Said value={input} />
          </div>
          <div>
            <h3>Answer</h3>
            {error ? <p className="status-failed">{error.message}</p> : <Said value={output} />}
          </div>
        </div>
      )}
    </Loaded>
  );
}

function Said({ value }: { value: Json | undefined }) {
  if (typeof value === 'string') return <pre>{value}</pre>;
  return value === undefined ? <p className="soft">Nothing yet.</p> : <JsonView value={value} />;
}

/** What an agent did, turn by turn: each turn is a step of the journal. */
function Turns({ runId, taskId }: { runId: string; taskId: string }) {
  const steps = useResource(`turns:${runId}`, () => api().runs.steps(runId, { limit: 200 }));
  return (
    <Loaded of={steps}>
      {({ items }) => {
        const turns = items.filter((step: Step) => step.type === 'task_continued' && step.taskId === taskId);
        if (turns.length === 0) return null;
        return (
          <div>
            <h3>{plural(turns.length, 'turn')} before the last</h3>
            {turns.map((step) => (
              <div key={step.step} className="turn">
                <JsonView name={`step ${step.step}`} value={step.facts} depth={1} />
              </div>
            ))}
          </div>
        );
      }}
    </Loaded>
  );
}

function WhyHere({ why }: { why: JsonObject }) {
  return (
    <div>
      <h3>Why here</h3>
      <JsonView value={why} />
    </div>
  );
}
