/** How an execution has ended: what the budget has kept from beginning, and what came of every step. */
import type { Json, MeshEvent, RunStatus, TaskError } from '@weft/contract';
import { LIVE_TASK } from '@weft/engine/domain';
import type { RunReader, RunRecord, TaskView } from '@weft/engine/ports';

import { durationOf, totalOf } from './amounts.ts';
import { BUDGET_EXCEEDED } from './narrator.ts';
import type { MeshPlan } from './plan.ts';

const PAGE = 100;
/** Outputs that together are longer as JSON stay out of the last event. */
const MOST_RESULT_CHARS = 4 * 1024 * 1024;

type Ended = { reader: Pick<RunReader, 'tasks'>; run: RunRecord; plan: MeshPlan; status: RunStatus };

export async function finalEvents(ended: Ended): Promise<MeshEvent[]> {
  const account = new Account();
  for await (const task of tasksOf(ended)) account.add(task);
  const { run, plan, status } = ended;
  const runId = run.head.id;
  const fates = account.fatesIn(plan);
  const those = (fate: Fate): string[] => Array.from(fates.keys()).filter((stepId) => fates.get(stepId) === fate);
  const abortedSteps = those('aborted');
  const { refusal, results, resultsOmitted } = account;
  const data = {
    runId,
    status,
    results,
    ...(resultsOmitted.length > 0 && { resultsOmitted }),
    totalCost: totalOf(Object.values(account.costs)),
    costs: account.costs,
    durationMs: durationOf(run.startedAt ?? run.createdAt, run.endedAt),
    layers: Math.max(...plan.layers.values()) + 1,
    failedSteps: those('failed'),
    skippedSteps: those('skipped'),
    abortedSteps,
    cancelledSteps: those('cancelled'),
  };
  return [
    ...(refusal
      ? [{ event: 'budget-exceeded' as const, data: { runId, ...account.spentOf(refusal), abortedSteps } }]
      : []),
    { event: 'workflow-completed', data },
  ];
}

async function* tasksOf({ reader, run }: Ended): AsyncGenerator<TaskView> {
  let after: { readsAt: number; key: string } | null = null;
  for (;;) {
    const tasks: TaskView[] = await reader.tasks(run.head.id, { limit: PAGE, after });
    yield* tasks;
    const last = tasks.at(-1);
    if (!last || tasks.length < PAGE) return;
    after = { readsAt: last.readsAt, key: last.key };
  }
}

type Fate = 'succeeded' | 'failed' | 'skipped' | 'aborted' | 'cancelled';
type Refusal = { kind: string; unit: 'usd' | 'tokens'; limit: number; spent: number };

class Account {
  readonly results: Record<string, Json> = {};
  readonly resultsOmitted: string[] = [];
  readonly costs: Record<string, number> = {};
  /** What the last step was told that its budget has refused. */
  refusal: Refusal | null = null;
  readonly #fates = new Map<string, Fate>();
  #chars = 0;
  #tokens = 0;

  add({ node, status, error, output, usage }: TaskView): void {
    this.costs[node] = usage.usd;
    this.#tokens += usage.inputTokens + usage.outputTokens;
    this.#fates.set(node, fateOf(status, error));
    if (error?.code === BUDGET_EXCEEDED && error.details) this.refusal = error.details as unknown as Refusal;
    if (status === 'succeeded') this.#keep(node, output);
  }

  /** Of every step. One that was never armed has waited for steps that were not carried out, or the run has ended over it. */
  fatesIn({ layers, needs }: MeshPlan): Map<string, Fate> {
    const fates = new Map<string, Fate>();
    const inOrder = Array.from(layers.keys());
    for (const name of inOrder) {
      const own = this.#fates.get(name) ?? 'cancelled';
      const isAborted = own === 'skipped' && (needs.get(name) ?? []).some((source) => fates.get(source) === 'aborted');
      fates.set(name, isAborted ? 'aborted' : own);
    }
    return fates;
  }

  /** A budget of the run itself has gone up since, by what was under way. */
  spentOf({ kind, unit, limit, spent }: Refusal): Pick<Refusal, 'unit' | 'limit' | 'spent'> {
    const own = unit === 'usd' ? totalOf(Object.values(this.costs)) : this.#tokens;
    return { unit, limit, spent: kind === 'run' ? own : spent };
  }

  #keep(node: string, output: Json): void {
    this.#chars += JSON.stringify(output).length;
    if (this.#chars <= MOST_RESULT_CHARS) this.results[node] = output;
    else this.resultsOmitted.push(node);
  }
}

/** The rows of a run that has ended early follow it. */
function fateOf(status: TaskView['status'], error: TaskError | null): Fate {
  if (status === 'failed' && error?.code === BUDGET_EXCEEDED) return 'aborted';
  if (status === 'succeeded' || status === 'failed' || status === 'skipped') return status;
  return LIVE_TASK.has(status) || status === 'cancelled' ? 'cancelled' : 'skipped';
}
