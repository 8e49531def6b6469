/** Runs a workflow on rows in memory by scripted outcomes; every decision is verified as it is made. */
import type { Json, JsonObject, Placement, TaskError, Usage, WorkflowDocument } from '@weft/contract';
import {
  addSettleReads,
  channelValue,
  compileGraph,
  decide,
  foldChannel,
  forkRun,
  freshHead,
  makeUuidV7,
  misfits,
  noReads,
  pastFailure,
  startRun,
  TERMINAL_RUN,
} from '../../src/domain/index.ts';
import type {
  AttemptRef,
  Decision,
  Graph,
  MailKind,
  Move,
  Reads,
  RunEvent,
  RunHead,
  RunSnapshot,
  TaskRecord,
  TimerKind,
} from '../../src/domain/index.ts';
import { branchPointOf, foldTo, mustBe, RunRows, verifyRows } from '@weft/testing/rows';

export const NOW = Date.UTC(2026, 0, 1);
/** A decision that asks more often than this is looping; real stores allow a few more. */
const MAX_ROUNDS = 60;

const ref = { tenant: 'acme', name: 'flow', version: 1 };

export type ScenarioOptions = {
  input?: Json;
  config?: Json;
  /** Lets every decision begin without any reads, so that it has to ask for all it needs. */
  blind?: boolean;
  /** The run is the child of another. */
  isChild?: boolean;
  /** The run begins as another one was after one of its steps. */
  fork?: { from: Scenario; step: number; updates?: [string, Json][]; differs?: boolean };
};

export type SuccessParts = {
  stateUpdates?: JsonObject;
  goto?: string[];
  usage?: Usage;
  placed?: Placement;
  cached?: true;
};

export class Scenario {
  /** Of the version that the run follows. */
  graph: Graph;
  /** All versions of the workflow, by number. */
  readonly versions = new Map<number, Graph>();
  readonly rows: RunRows;
  /** Every attempt that was ever handed out, in order. */
  readonly claims: AttemptRef[] = [];
  /** Children that have told their end. */
  readonly endedChildren = new Set<string>();
  /** Children that have gone on after that; whoever did not wait for them any more goes on without them. */
  readonly reopenedChildren = new Set<string>();
  now = NOW;
  /** Rounds of reading that the newest decision took, the first one included. */
  rounds = 0;
  last: Decision;
  /** What that decision was made on. */
  seen: RunSnapshot | null = null;
  readonly #blind: boolean;

  constructor(
    document: unknown,
    { input = {}, config = {}, blind = false, isChild = false, fork }: ScenarioOptions = {},
  ) {
    this.graph = this.#save(document);
    this.#blind = blind;
    if (fork) {
      const { from, step, updates = [], differs = updates.length > 0 } = fork;
      const { body } = from.rows;
      this.now = from.now;
      this.rows = new RunRows(newHead(false, from.now), body);
      const { head: identity } = this.rows;
      const point = branchPointOf(from.rows, step);
      this.last = forkRun(this.graph, { point, identity, body, now: this.now, updates, differs });
      this.#follow(this.last, from.rows);
      return;
    }
    const head = newHead(isChild);
    this.rows = new RunRows(head, { input, config });
    this.last = startRun(this.graph, { head: structuredClone(head), body: { input, config }, now: this.now });
    this.#follow(this.last);
  }

  /** A run of its own that goes on from one of the steps of this one. */
  fork(
    step: number,
    changes: Omit<NonNullable<ScenarioOptions['fork']>, 'from' | 'step'> = {},
    document?: unknown,
  ): Scenario {
    const run = new Scenario(document ?? this.graph.document, { fork: { from: this, step, ...changes } });
    run.goOn();
    return run;
  }

  replay(step: number, updates: [string, Json][] = []): void {
    this.mail('replay', { step, updates });
  }

  /** Settles these events in one decision, without what follows from it in later transactions. */
  settle(...events: RunEvent[]): Decision {
    let snapshot = this.rows.load(this.#readsOf(events));
    for (this.rounds = 1; this.rounds <= MAX_ROUNDS; this.rounds++) {
      const verdict = decide(this.graph, { snapshot, events, now: this.now, versions: this.versions });
      this.seen = snapshot;
      if (verdict.kind === 'decided') return this.#follow(verdict.decision);
      snapshot = this.#loadMore(snapshot, verdict.reads);
    }
    throw new Error('the decision keeps asking for more');
  }

  /** Settles these events, and all that follows from them without a worker. Returns whether each was applied. */
  run(...events: RunEvent[]): boolean[] {
    const { applied } = this.settle(...events);
    this.goOn();
    return applied;
  }

  /** Takes the transactions that the newest decision asks for, up to a bound. */
  goOn(): number {
    let count = 0;
    while (this.last.goesOn || this.last.closes || this.last.sentMail.length > 0) {
      mustBe(count < 300, 'the run asks for one more transaction, again and again');
      this.settle({ type: 'advance' });
      count += 1;
    }
    return count;
  }

  succeed(node: string, output: Json = null, parts: SuccessParts = {}): boolean {
    return this.#one(this.success(node, output, parts));
  }

  fail(node: string, error: Partial<TaskError> & { retryAfterMs?: number; usage?: Usage; memo?: Json } = {}): boolean {
    return this.#one(this.failure(node, error));
  }

  release(node: string, reason: 'crash' | 'lost' | 'handback'): boolean {
    return this.#one({ type: 'released', reason, ...this.claim(node) });
  }

  fire(node: string, kind: TimerKind, attempt = this.task(node).attempt): boolean {
    const { key } = this.task(node);
    const timer = this.rows.timers.get(`${kind} ${key}`);
    this.now = Math.max(this.now, timer?.dueAt ?? 0);
    return this.#one({ type: 'timer', key, kind, attempt });
  }

  mail(kind: MailKind, payload: JsonObject = {}): void {
    this.rows.send(kind, payload);
    this.run({ type: 'advance' });
  }

  /** Saves the next version of the workflow, and moves the run to it if it fits. Returns whether it did. */
  migrate(document: unknown, ifStep: number | null = null): boolean {
    const { version } = this.#save(document).ref;
    this.mail('migrate', { version, ifStep });
    return this.rows.head.workflow.version === version;
  }

  /** Why the run cannot move to a version with this document, as `code pointer` lines. */
  misfits(document: unknown): string[] {
    const to = compileGraph({ ...ref, version: 99 }, document as WorkflowDocument);
    return misfits(this.moveTo(to)).map(({ code, pointer }) => `${code} ${pointer}`);
  }

  /** The question whether the run as its journal tells of it can move to the version. */
  moveTo(to: Graph): Move {
    const written = Array.from(this.graph.state).flatMap(([name, schema]) => {
      const channel = this.rows.channel(name);
      const value = channelValue(schema, channel);
      return channel ? [[name, { value, onDefault: channel.base === undefined }] as const] : [];
    });
    const { progress } = foldTo(this.rows.steps, this.rows.head.step);
    return { from: this.graph, to, progress, written: new Map(written) };
  }

  success(node: string, output: Json = null, parts: SuccessParts = {}): RunEvent {
    return { type: 'outcome', outcome: { kind: 'succeeded', output, ...parts }, worker: 'w1', ...this.claim(node) };
  }

  failure(node: string, { retryAfterMs, usage, memo, ...error }: Parameters<Scenario['fail']>[1] = {}): RunEvent {
    const whole = { code: 'boom', message: 'it broke', retryable: false, ...error };
    const rest = {
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(usage && { usage }),
      ...(memo !== undefined && { memo }),
    };
    return { type: 'outcome', outcome: { kind: 'failed', error: whole, ...rest }, worker: 'w1', ...this.claim(node) };
  }

  again(
    node: string,
    memo: Json,
    parts: { afterMs?: number; isTurn?: boolean; stateUpdates?: JsonObject; usage?: Usage; placed?: Placement } = {},
  ): RunEvent {
    return {
      type: 'outcome',
      outcome: { kind: 'again', memo, afterMs: 0, ...parts },
      worker: 'w1',
      ...this.claim(node),
    };
  }

  /** The claim of the task's current attempt. */
  claim(node: string): AttemptRef {
    return claimOf(this.rows.head, this.task(node));
  }

  task(node: string): TaskRecord {
    return this.rows.task(node);
  }

  /** What a worker would render as the input of the task now (rule A7). */
  input(node: string): Json {
    const { captured, readsAt, iterations, item, node: name, letter } = this.task(node);
    if (letter?.edit) return letter.edit.with;
    const template = this.graph.nodes.get(name)?.template;
    if (!template) throw new Error(`${node} renders no input`);
    const nodes = (this.graph.nodes.get(name)?.resultReads ?? []).flatMap((read) => {
      const task = this.rows.newestTasks().find(({ key }) => key === `${read}#${iterations?.[read] ?? 0}`);
      if (!task) return [];
      if (task.settledStep === null || task.settledStep > readsAt) {
        const failure = pastFailure(task, readsAt);
        return failure ? [[read, failure] as const] : [];
      }
      return [[read, { output: task.output, ...(task.error && { error: task.error }) }] as const];
    });
    return template.render({ ...this.rows.body, state: captured ?? {}, item, nodes: Object.fromEntries(nodes) });
  }

  get status(): RunHead['status'] {
    return this.rows.head.status;
  }

  get hasEnded(): boolean {
    return TERMINAL_RUN.has(this.status);
  }

  get errorCode(): string | undefined {
    return this.rows.ending?.error?.code;
  }

  /** The status of every task that was armed, by node, in order of names. */
  get statuses(): Record<string, string> {
    const entries = this.rows.newestTasks().map(({ node, status }) => [node, status] as const);
    return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** The stored value of a state key. */
  state(key: string): Json {
    const schema = this.graph.state.get(key);
    const stored = this.rows.channel(key);
    return foldChannel(schema?.reducer ?? 'last_value', stored?.base ?? schema?.default ?? null, stored?.deltas ?? []);
  }

  /** The journal as `type node` lines from this step on. */
  journal(from = 1): string[] {
    return this.rows.steps.slice(from - 1).map(({ type, node }) => (node === null ? type : `${type} ${node}`));
  }

  #save(document: unknown): Graph {
    const version = this.versions.size + 1;
    const graph = compileGraph({ ...ref, version }, document as WorkflowDocument);
    this.versions.set(version, graph);
    return graph;
  }

  #one(event: RunEvent): boolean {
    return this.run(event)[0] ?? false;
  }

  /** Knows from the graph alone what is going to be looked at, as the runtime does. */
  #readsOf(events: readonly RunEvent[]): Reads {
    const reads = noReads();
    for (const event of events) {
      if (event.type === 'advance') reads.inline = true;
      else if (!this.#blind) addSettleReads(reads, this.graph, event.key);
    }
    return reads;
  }

  #loadMore(snapshot: RunSnapshot, reads: Reads): RunSnapshot {
    const more = this.rows.loadMore(snapshot, reads);
    const size = ({ tasks, joins, channels, kept, chunks, items, body, everything, waiting, branch }: Reads) =>
      [tasks, joins, channels, kept, chunks, items].reduce((sum, set) => sum + set.size, 0) +
      Number(body) +
      Number(everything) +
      Number(waiting) +
      Number(branch !== null);
    mustBe(size(more.reads) > size(snapshot.reads), 'the decision asks for what it was shown');
    return more;
  }

  #follow(decision: Decision, past: RunRows | null = null): Decision {
    this.rows.apply(decision, past);
    this.graph = this.versions.get(this.rows.head.workflow.version) ?? this.graph;
    verifyRows(this.versions, this.rows);
    this.last = decision;
    for (const task of decision.ready) this.claims.push(claimOf(this.rows.head, task));
    return decision;
  }
}

function claimOf(head: RunHead, { key, epoch, attempt }: TaskRecord): AttemptRef {
  return { key, taskEpoch: epoch, runEpoch: head.epoch, attempt };
}

function newHead(isChild: boolean, now = NOW - 1): RunHead {
  const parent = isChild ? { runId: 'parent', key: 'child#0', epoch: 0, depth: 1 } : null;
  return freshHead({ id: makeUuidV7(now + 1, new Uint8Array(10)), workflow: ref, priority: 2, parent });
}
