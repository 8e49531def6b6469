/**
 * A run as a decision sees it: the snapshot that was read, and over it what the decision has changed so far. Records are copied
 * when first touched, so a decision that is abandoned (because it needs to see more, or because the engine failed) leaves the
 * snapshot as it was. What was not read is asked for by NeedsMore.
 */
import type { Json, JsonObject } from '@weft/contract';

import type { NodeResult } from '../expression/scope.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { ownerOf, rootOf } from '../task-key.ts';
import { asArmed } from './as-armed.ts';
import { isStale, iterationOf } from './iterations.ts';
import { pastFailure } from './letters/past-failure.ts';
import { missingFrom, NeedsMore } from './reads.ts';
import type { JoinRecord, Reads, RunHead, RunSnapshot, TaskRecord } from './records.ts';
import { LIVE_TASK, TERMINAL_RUN } from './status.ts';
import { WorkingState } from './working-state.ts';

/** Bounds loops where the document does not (rule B5). */
export const DEFAULT_MAX_STEPS = 1000;

export class SeenRun {
  /** Of the version that the run follows now. */
  graph: Graph;
  readonly snapshot: RunSnapshot;
  readonly now: number;
  readonly head: RunHead;
  readonly state: WorkingState;
  readonly tasks = new Map<string, TaskRecord>();
  readonly joins = new Map<string, JoinRecord>();
  /** Keys of tasks that the decision took back: they do not exist any more. */
  protected readonly forgotten = new Set<string>();
  /** Outputs of sends that were put together: their rows hold none. */
  #outputs: Map<TaskRecord, Json[]> | null = null;

  constructor(graph: Graph, snapshot: RunSnapshot, now: number) {
    this.graph = graph;
    this.snapshot = snapshot;
    this.now = now;
    this.head = { ...snapshot.head };
    this.state = new WorkingState(graph, snapshot);
    if (!snapshot.reads.everything) return;
    for (const key of snapshot.tasks.keys()) this.task(key);
    for (const key of snapshot.joins.keys()) this.join(key);
  }

  get hasEnded(): boolean {
    return TERMINAL_RUN.has(this.head.status);
  }

  /** From here on the run follows another version. */
  moveTo(graph: Graph): void {
    this.graph = graph;
    this.head.workflow = graph.ref;
    this.state.moveTo(graph);
  }

  node(name: string): GraphNode {
    const node = this.graph.nodes.get(name);
    if (!node) throw new Error(`the workflow has no node ${name}`);
    return node;
  }

  /**
   * The task with this key, or undefined if none was armed. With the end of its run it was cancelled, whether or not its
   * row says so already.
   */
  task(key: string): TaskRecord | undefined {
    const known = this.tasks.get(key);
    if (known || this.forgotten.has(key)) return known;
    const { reads, tasks, head } = this.snapshot;
    const stored = tasks.get(key);
    if (!stored) {
      if (!reads.everything && !reads.tasks.has(key) && !this.#isUnheardOf(key))
        throw new NeedsMore({ tasks: new Set([key]) });
      return undefined;
    }
    const copy = { ...stored };
    if (TERMINAL_RUN.has(head.status) && LIVE_TASK.has(copy.status)) {
      copy.status = 'cancelled';
      copy.waits = null;
    }
    this.tasks.set(key, copy);
    return copy;
  }

  join(key: string): JoinRecord | undefined {
    const known = this.joins.get(key);
    if (known) return known;
    const stored = this.snapshot.joins.get(key);
    if (!stored) {
      if (!this.seesJoin(key) && !this.#isUnheardOf(key)) throw new NeedsMore({ joins: new Set([key]) });
      return undefined;
    }
    const copy = { ...stored };
    this.joins.set(key, copy);
    return copy;
  }

  /** Whether it is known how far the join has come. */
  seesJoin(key: string): boolean {
    const { reads, head } = this.snapshot;
    return reads.allJoins || reads.everything || head.step === 0 || this.joins.has(key) || reads.joins.has(key);
  }

  body(): { input: Json; config: Json } {
    if (!this.snapshot.body) throw new NeedsMore({ body: true });
    return this.snapshot.body;
  }

  /** What of `wanted` was not asked for; of a run that is not stored yet there is nothing more to see. */
  missing(wanted: Reads): Reads | null {
    if (this.snapshot.head.step === 0) return null;
    return missingFrom(this.snapshot.reads, wanted, (key) => this.#isUnheardOf(key));
  }

  /** Asks for all that is missing in one round. */
  expect(wanted: Reads): void {
    const missing = this.missing(wanted);
    if (missing) throw new NeedsMore(missing);
  }

  /** How often loops have begun the node anew: the iteration of the activation that counts now (rule B4). */
  iterationOf(name: string): number {
    return iterationOf(this.graph, this.head.jumps, name);
  }

  /** The key of the node's activation at the top that counts now. */
  keyOf(name: string): string {
    return `${name}#${this.iterationOf(name)}`;
  }

  /** Whether a loop has gone back over the task: it arms nothing any more, and cannot jump, ask or fail the run (rule B4). */
  isStale(key: string): boolean {
    return isStale(this.graph, this.head.jumps, key);
  }

  /** The iterations of these nodes that settled last; null where each is the first. */
  latestOf(names: readonly string[]): TaskRecord['iterations'] {
    const { jumps } = this.head;
    if (!jumps) return null;
    const later = names.filter((name) => Object.hasOwn(jumps.latest, name));
    return later.length > 0 ? Object.fromEntries(later.map((name) => [name, jumps.latest[name] ?? 0])) : null;
  }

  /** Every task that waits now, in the order in which they were armed. */
  waitingTasks(): TaskRecord[] {
    const { reads, tasks } = this.snapshot;
    if (!reads.everything && !reads.waiting && this.snapshot.head.step > 0) throw new NeedsMore({ waiting: true });
    for (const { key, status } of tasks.values()) if (status === 'waiting') this.task(key);
    return Array.from(this.tasks.values())
      .filter(({ status }) => status === 'waiting')
      .toSorted(asArmed);
  }

  /** The node's settled result as the tasks see it that were readied by step `readsAt`; null if there is none yet. */
  result(name: string, { readsAt, iterations }: Pick<TaskRecord, 'readsAt' | 'iterations'>): NodeResult | null {
    const task = this.task(`${name}#${iterations?.[name] ?? 0}`);
    if (!task) return null;
    if (task.settledStep === null || task.settledStep > readsAt) return pastFailure(task, readsAt);
    return { output: this.outputOf(task), ...(task.error && { error: task.error }) };
  }

  /** A send's output is that of its items, in order: as stored, and as this decision has changed them. */
  outputOf(task: TaskRecord): Json {
    if (task.detail?.kind !== 'items' || task.status !== 'succeeded' || task.output !== null) return task.output;
    this.#outputs ??= new Map();
    const known = this.#outputs.get(task);
    if (known) return known;
    const outputs = this.outputsOfItems(task, task.detail.total);
    this.#outputs.set(task, outputs);
    return outputs;
  }

  outputsOfItems(task: TaskRecord, total: number): Json[] {
    const { snapshot } = this;
    const stored = snapshot.items.get(task.key) ?? (snapshot.head.step === 0 ? [] : null);
    if (!stored) throw new NeedsMore({ items: new Set([task.key]) });
    const outputs = Array.from({ length: total }, (_, index) => stored[index] ?? null);
    for (const item of this.tasks.values()) {
      const owner = ownerOf(item.key);
      if (owner?.send === task.key) outputs[owner.item] = item.status === 'succeeded' ? this.outputOf(item) : null;
    }
    return outputs;
  }

  /** What the node's expressions read of the state now; null if nothing. */
  capture(node: GraphNode): JsonObject | null {
    const values = this.state.capture(node.stateReads);
    return node.readsMeta ? { ...values, __meta: this.#meta(node) } : values;
  }

  /** The managed value `state.__meta`: counted in iterations of loops, not in journal steps (rule B5). */
  #meta({ name }: GraphNode): JsonObject {
    const { id, generations } = this.head;
    const left = (this.graph.document.maxSteps ?? DEFAULT_MAX_STEPS) - generations;
    return { step: generations, is_last_step: left <= 1, remaining_steps: left, run_id: id, node_name: name };
  }

  /** Whether the key is of an iteration that this decision itself has begun, so that the store need not be asked. */
  #isUnheardOf(key: string): boolean {
    if (this.graph.superstep) return this.tasks.has(key) || this.joins.has(key);
    const { jumps } = this.snapshot.head;
    if (this.head.jumps === jumps) return false;
    const { node, iteration } = rootOf(key);
    return iteration > iterationOf(this.graph, jumps, node);
  }
}
