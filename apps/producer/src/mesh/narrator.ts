/**
 * Tells a run as a mesh execution. Everything is told from the journal, and from the rows of tasks that it says have ended; live
 * events only tell earlier, and of what, that a step has begun. So whoever comes back is told the same.
 */
import { isObject } from '@weft/contract';
import type { Event, Json, MeshEvent, TaskError } from '@weft/contract';
import { nodeOf } from '@weft/engine/domain';
import type { TaskFact } from '@weft/engine/domain';
import type { RunReader, TaskView } from '@weft/engine/ports';

import { durationOf, totalOf } from './amounts.ts';
import type { MeshPlan } from './plan.ts';

export const BUDGET_EXCEEDED = 'budget_exceeded';
/** Tasks that are read at once. */
const MOST_AT_ONCE = 100;

export class Narrator {
  readonly #reader: Pick<RunReader, 'tasksByKey'>;
  readonly #runId: string;
  readonly #plan: MeshPlan;
  readonly #costs = new Map<string, number>();
  /** Steps that were said to have begun, and when, epoch ms. */
  readonly #started = new Map<string, number>();
  /** Steps that the budget has kept from beginning. */
  readonly #aborted = new Set<string>();
  /** Tasks that have ended and were not read yet. */
  readonly #unread = new Set<string>();

  constructor(reader: Pick<RunReader, 'tasksByKey'>, runId: string, plan: MeshPlan) {
    this.#reader = reader;
    this.#runId = runId;
    this.#plan = plan;
  }

  /** What an event says; nothing is read where that is known already. */
  async tell(event: Event, isNew: boolean): Promise<MeshEvent[]> {
    if (event.n !== undefined) return this.#tellLive(event);
    const facts = event.mode === 'tasks' && isObject(event.data) ? event.data['tasks'] : undefined;
    const told: MeshEvent[] = [];
    for (const fact of (facts ?? []) as unknown as TaskFact[]) told.push(...(await this.#tellFact(fact, event, isNew)));
    return told;
  }

  #tellLive({ mode, type, at, data }: Event): MeshEvent[] {
    if (!isObject(data)) return [];
    const runId = this.#runId;
    if (type === 'budget-warning' && isObject(data['budget'])) {
      const { unit, limit, spent } = data['budget'] as { unit: 'usd' | 'tokens'; limit: number; spent: number };
      return [{ event: 'budget-warning', data: { runId, unit, limit, spent } }];
    }
    const stepId = textOf(data['node']) ?? '';
    if (mode === 'messages') return [{ event: 'message', data: { runId, stepId, text: textOf(data['text']) ?? '' } }];
    const said = data['data'];
    if (mode !== 'custom' || !isObject(said) || said['type'] !== 'model-selected') return [];
    const place = { endpoint: textOf(said['endpoint']), model: textOf(said['model']) };
    return [
      ...this.#start(stepId, place, Date.parse(at)),
      { event: 'model-selected', data: { runId, stepId, ...place } },
    ];
  }

  #start(stepId: string, place: Place, at: number): MeshEvent[] {
    if (this.#started.has(stepId)) return [];
    this.#started.set(stepId, at);
    const layer = this.#plan.layers.get(stepId) ?? 0;
    return [{ event: 'step-started', data: { runId: this.#runId, stepId, layer, ...place } }];
  }

  async #tellFact(fact: TaskFact, { at }: Event, isNew: boolean): Promise<MeshEvent[]> {
    const stepId = nodeOf(fact.key);
    const runId = this.#runId;
    const { error } = fact;
    if (fact.status === 'skipped') return [this.#skip(stepId)];
    if (fact.status === 'failed' && error?.code === BUDGET_EXCEEDED) return this.#refuse(fact);
    if (fact.status === 'waiting' && error)
      return [{ event: 'step-retrying', data: { runId, stepId, attempt: fact.attempt - 1, error } }];
    if (fact.status !== 'succeeded' && fact.status !== 'failed') return [];
    this.#unread.add(fact.key);
    const task = isNew ? await this.#read(fact.key) : null;
    const started = this.#start(stepId, placeOf(task), Date.parse(at));
    const end = task ? [this.#end(task, error)] : [];
    // A run that is tried again begins it again.
    if (fact.status === 'failed') this.#started.delete(stepId);
    return [...started, ...end];
  }

  /** It has not begun, unless an attempt before this one has. */
  #refuse({ key }: TaskFact): MeshEvent[] {
    const stepId = nodeOf(key);
    this.#unread.add(key);
    this.#aborted.add(stepId);
    return [{ event: 'step-skipped', data: { runId: this.#runId, stepId, reason: 'budget_exceeded' } }];
  }

  #skip(stepId: string): MeshEvent {
    const byBudget = (this.#plan.needs.get(stepId) ?? []).some((source) => this.#aborted.has(source));
    if (byBudget) this.#aborted.add(stepId);
    const reason = byBudget ? 'budget_exceeded' : 'dependency_failed';
    return { event: 'step-skipped', data: { runId: this.#runId, stepId, reason } };
  }

  #end(task: TaskView, error: TaskError | undefined): MeshEvent {
    const startedAt = task.attempt > 1 ? (this.#started.get(task.node) ?? task.startedAt) : task.startedAt;
    const common = {
      runId: this.#runId,
      stepId: task.node,
      ...placeOf(task),
      cost: task.usage.usd,
      durationMs: durationOf(startedAt, task.settledAt),
      cumulativeCost: totalOf(this.#costs.values()),
    };
    if (error) return { event: 'step-failed', data: { ...common, error } };
    return { event: 'step-completed', data: { ...common, output: task.output } };
  }

  /** Reads it with all that were passed over before it, for what they have cost. */
  async #read(key: string): Promise<TaskView | null> {
    const keys = Array.from(this.#unread);
    this.#unread.clear();
    let task: TaskView | null = null;
    for (let from = 0; from < keys.length; from += MOST_AT_ONCE) {
      for (const one of await this.#reader.tasksByKey(this.#runId, keys.slice(from, from + MOST_AT_ONCE))) {
        this.#costs.set(one.node, one.usage.usd);
        if (one.key === key) task = one;
      }
    }
    return task;
  }
}

type Place = { endpoint: string | null; model: string | null };

function placeOf(task: TaskView | null): Place {
  return { endpoint: task?.placed?.endpoint ?? null, model: task?.placed?.model ?? null };
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
