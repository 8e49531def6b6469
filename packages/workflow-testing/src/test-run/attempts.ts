/** Attempts of tasks: how they begin, what they do, and how their runs hear of it. */
import { cacheKey, nodeOf } from '@weft/engine/domain';
import type { GraphNode } from '@weft/engine/domain';
import type { TaskMessage } from '@weft/engine/ports';
import { renderInput } from '@weft/engine/runtime';

import type { ReadyTask } from '../mesh/mesh.ts';
import type { Play } from '../script/play.ts';
import { WorkflowTestError } from '../test-error.ts';
import { finishCall, hear, newAttempt, placeOfCall, toMessage } from './attempt.ts';
import type { Attempt, Call } from './attempt.ts';
import { spanOf } from './performer.ts';
import { SharedCalls } from './shared-calls.ts';
import type { StandIns } from './stand-ins.ts';
import type { World } from './world.ts';

/** A report of an attempt that was given up: it was refused. */
export type LateReport = { node: string; key: string; attempt: number };

type Begun = { attempt: Attempt; node: GraphNode; message: TaskMessage };

export class Attempts {
  readonly calls: Call[] = [];
  readonly late: LateReport[] = [];
  underWay: Attempt[] = [];
  readonly #world: World;
  readonly #standIns: StandIns;
  readonly #shared = new SharedCalls<Begun>();
  #counter = 0;

  constructor(world: World, standIns: StandIns) {
    this.#world = world;
    this.#standIns = standIns;
  }

  /** Begins all that is ready. Returns false if nothing was. Throws what the test did not provide for, or an assertion in it. */
  async begin(): Promise<boolean> {
    const { mesh, performer } = this.#world;
    const ready = mesh.takeReady();
    const children = this.#standIns.take();
    if (ready.length + children.length === 0) return false;
    const performing: Promise<void>[] = [];
    for (const one of ready) {
      const begun = await this.#prepare(one);
      if (begun) performing.push(this.#perform(begun));
    }
    for (const { attempt, work } of children) {
      this.#add(attempt);
      performing.push(work());
    }
    const ended = await Promise.allSettled(performing);
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
    if (performer.failedAssertion) throw performer.failedAssertion;
    return true;
  }

  /** Tells the run what came of an attempt whose time is over. */
  async end(attempt: Attempt): Promise<void> {
    this.underWay.splice(this.underWay.indexOf(attempt), 1);
    const { runId, ref, outcome, call, child, startedAt, isZombie } = attempt;
    if (isZombie) return this.#report(attempt);
    const { mesh, clock, elapsed } = this.#world;
    finishCall(call, outcome, elapsed());
    if (child) return this.#standIns.end(child, outcome);
    const event = outcome
      ? ({ type: 'outcome', outcome, worker: 'test', ranMs: clock.now() - startedAt, ...ref } as const)
      : ({ type: 'released', reason: 'crash', ...ref } as const);
    await mesh.settle(runId, event);
    if (attempt.cacheKey && call.result !== 'cached') await this.#share(attempt.cacheKey, attempt);
  }

  /** All workers are lost: what they ran will be handed out anew. Returns it; each may still report, and is refused then. */
  lose(): Attempt[] {
    const lost = this.underWay.filter(({ isZombie, child }) => !isZombie && !child);
    for (const attempt of lost) {
      attempt.isZombie = true;
      finishCall(attempt.call, null, this.#world.elapsed());
    }
    for (const { giveBack } of lost.toReversed()) giveBack();
    this.underWay = this.underWay.filter(({ endsAt, child }) => child !== null || Number.isFinite(endsAt));
    this.#shared.forgetFlights();
    return lost;
  }

  /** What ended runs had under way is aborted. */
  dropAborted(): void {
    const { mesh, elapsed } = this.#world;
    this.underWay = this.underWay.filter(({ isZombie, runId, call }) => {
      const isWanted = isZombie || !mesh.run(runId).hasEnded;
      if (!isWanted) Object.assign(call, { result: 'aborted', endedMs: elapsed() });
      return isWanted;
    });
  }

  /** Whoever was given up reports before the test looks at the result. */
  async reportLate(): Promise<void> {
    const zombies = this.underWay.filter(({ isZombie }) => isZombie);
    this.underWay = this.underWay.filter(({ isZombie }) => !isZombie);
    for (const attempt of zombies) await this.#report(attempt);
  }

  async #report({ runId, ref, outcome, call: { node, key, attempt } }: Attempt): Promise<void> {
    if (!outcome) return;
    const applied = await this.#world.mesh.settle(runId, { type: 'outcome', outcome, worker: 'late', ...ref });
    if (applied) throw new Error(`the late report of ${key}, attempt ${attempt}, was not refused`);
    this.late.push({ node, key, attempt });
  }

  /** Null: the task is not wanted any more, or needs nothing to be run. */
  async #prepare({ runId, task: seen }: ReadyTask): Promise<Begun | null> {
    const { mesh } = this.#world;
    const run = mesh.run(runId);
    const task = run.rows.taskOfKey(seen.key);
    const isCurrent = task?.status === 'ready' && task.epoch === seen.epoch && task.attempt === seen.attempt;
    const graph = await mesh.graphs.load(run.rows.head.workflow);
    const node = graph.nodes.get(seen.node);
    if (!task || !node || !isCurrent || run.hasEnded) return null;
    const message = toMessage(run, task);
    const input = renderInput({ node, material: run.material(task, node.resultReads), message });
    const attempt = newAttempt(this.#world, run, {
      task,
      input: input.kind === 'rendered' ? input.value : null,
      order: this.#nextOrder(),
    });
    if (input.kind === 'rendered') {
      const begun = { attempt, node, message };
      return node.cacheTtlMs === null || this.#leads(begun, node.cacheTtlMs) ? begun : null;
    }
    attempt.outcome = input;
    this.#start(attempt);
    return null;
  }

  #nextOrder(): number {
    this.#counter += 1;
    return this.#world.chance?.below(2 ** 31) ?? this.#counter;
  }

  /** False: the attempt takes the result of an equal call, now or when that has ended. */
  #leads(begun: Begun, ttlMs: number): boolean {
    const { attempt, node } = begun;
    const secretPaths = node.template?.secretPaths ?? [];
    attempt.cacheKey = cacheKey({ uses: node.uses ?? '', version: 'test', input: attempt.call.input, secretPaths });
    const answer = this.#shared.ask(attempt.cacheKey, { now: this.#world.clock.now(), ttlMs, waiting: begun });
    if (answer === 'leads') return true;
    if (answer === 'led') attempt.endsAt = Number.POSITIVE_INFINITY;
    else attempt.outcome = answer;
    this.#start(attempt);
    return false;
  }

  async #perform({ attempt, node, message }: Begun): Promise<void> {
    const { recorded, scripts, unscripted, performer, clock } = this.#world;
    const { call } = attempt;
    const known = asComputed(recorded?.next(call.key) ?? null, node, call);
    const script = known ? undefined : scripts.find(call.workflow, call.node);
    const said = script?.next();
    const play = known ?? said?.play ?? (await unscripted(node.uses ?? '', call.input));
    if (!play) throw nothingSaid(call, node);
    if (play === said?.play) attempt.giveBack = () => script?.giveBack(play);
    if (play.kind === 'waits') {
      attempt.endsAt = Number.POSITIVE_INFINITY;
      this.underWay.push(attempt);
      return;
    }
    const span = spanOf(play, said?.timing ?? {}, node);
    attempt.endsAt = attempt.startedAt + span.ms;
    attempt.step = play.step ?? null;
    this.#start(attempt);
    if (play.kind === 'crashes') return;
    const place = placeOfCall(call, { call: said?.call ?? 0, now: clock.now() });
    const work = { play, node, message, input: structuredClone(call.input), place };
    hear(attempt, await performer.perform(work, span));
  }

  /** A worker has taken it. One that waited for the result of another is taken already. */
  #start(attempt: Attempt): void {
    if (this.underWay.includes(attempt)) return;
    this.#add(attempt);
    const { mesh, clock } = this.#world;
    mesh.run(attempt.runId).rows.markRunning(attempt.ref.key, { worker: 'test', now: clock.now() });
  }

  #add(attempt: Attempt): void {
    this.underWay.push(attempt);
    this.calls.push(attempt.call);
  }

  /** Whoever waited for the result takes it; if there is none, the next one runs. */
  async #share(key: string, { outcome, runId, ref }: Attempt): Promise<void> {
    const { mesh, clock } = this.#world;
    const graph = await mesh.graphs.load(mesh.run(runId).rows.head.workflow);
    const ttlMs = graph.nodes.get(nodeOf(ref.key))?.cacheTtlMs ?? 0;
    const { waiting, result } = this.#shared.end(key, outcome, { now: clock.now(), ttlMs });
    for (const begun of waiting) {
      const { attempt } = begun;
      if (!this.underWay.includes(attempt)) continue;
      attempt.endsAt = clock.now();
      const answer = result ?? this.#shared.ask(key, { now: clock.now(), ttlMs, waiting: begun });
      if (answer === 'led') attempt.endsAt = Number.POSITIVE_INFINITY;
      else if (answer !== 'leads') attempt.outcome = answer;
      else {
        attempt.startedAt = clock.now();
        await this.#perform(begun);
      }
    }
  }
}

/** What is computed from the input alone is not taken from a recording: the input may be another one now. */
function asComputed(play: Play | null, { uses }: GraphNode, { input }: Call): Play | null {
  return play?.kind === 'returns' && uses === 'echo' ? { ...play, output: input } : play;
}

function nothingSaid({ workflow, node, key, input }: Call, { uses }: GraphNode): WorkflowTestError {
  const text = JSON.stringify(input);
  const shown = text.length > 500 ? `${text.slice(0, 500)} ...` : text;
  const message = `the node "${node}" of "${workflow}" was reached, and nothing says what it gives`;
  return new WorkflowTestError('unscripted_task', message, [
    `  task ${key}, uses ${uses}; its input is ${shown}`,
    `  say it: node(${JSON.stringify(node)}).returns(...), or give handlers, or the option unscripted: 'echo'`,
  ]);
}
