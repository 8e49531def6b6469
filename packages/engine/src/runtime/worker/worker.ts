/**
 * A worker: claims tasks up to its free slots, runs their executors and settles the outcomes.
 *
 * A slot is free again when the outcome is committed, so a store that is slow or gone holds the worker back instead of
 * letting outcomes pile up. No task is written on the claim; one that runs longer than a moment is flushed as running.
 */
import type { Json } from '@weft/contract';

import type { Outcome } from '../../domain/outcome/outcome.ts';
import type { RunEvent } from '../../domain/run/decide.ts';
import type { Executor, Secrets, TaskMessage } from '../../ports/index.ts';
import type { EngineDeps } from '../deps.ts';
import type { GraphCache } from '../graph-cache.ts';
import type { Settler } from '../settler.ts';
import { executeAttempt } from './execute-attempt.ts';
import type { StopReason } from './execute-attempt.ts';
import { attemptOf, flushRunning, RUNNING_AFTER_MS } from './running-flush.ts';
import type { RunningAttempt } from './running-flush.ts';

export type WorkerOptions = {
  /** One incarnation: a restarted worker has another id. */
  id: string;
  name: string;
  lanes: string[];
  slots: number;
  version: string;
  pid: number;
  host: string;
  executors: ReadonlyMap<string, Executor>;
  secrets: Secrets;
  /** Resident memory of this process, bytes. */
  rssBytes(): number;
};

export type WorkerDeps = Pick<EngineDeps, 'dispatch' | 'fleet' | 'broker' | 'bus' | 'clock' | 'log'> & {
  graphs: GraphCache;
  settler: Settler;
};

export type Worker = {
  readonly id: string;
  start(): Promise<void>;
  /** Claims nothing more, lets what runs end within `graceMs`, hands the rest back, and signs off. Safe to call twice. */
  stop(graceMs: number): Promise<void>;
  readonly running: number;
};

/** A beat says that the worker lives (rule A6). */
export const BEAT_MS = 2000;

type Slot = RunningAttempt & { stop: AbortController; released: Promise<void> };

export function createWorker(deps: WorkerDeps, options: WorkerOptions): Worker {
  const { broker, clock, log, dispatch, fleet } = deps;
  const slots = new Map<string, Slot>();
  const closing = new AbortController();
  let counter = 0;
  let incarnation = options.id;
  let loop: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;
  let slotFreed = Promise.withResolvers<void>();
  const timers: (() => void)[] = [];
  const forgetRevokes = broker.onRevoke((runId) => {
    for (const slot of slots.values())
      if (slot.message.runId === runId) slot.stop.abort('revoked' satisfies StopReason);
  });

  async function claimLoop(): Promise<void> {
    while (!closing.signal.aborted) {
      const free = options.slots - slots.size;
      if (free <= 0) {
        slotFreed = Promise.withResolvers<void>();
        await slotFreed.promise;
        continue;
      }
      try {
        const request = { worker: options.id, lanes: options.lanes, limit: free, signal: closing.signal };
        const messages = await broker.claim(request);
        if (closing.signal.aborted) await broker.release(options.id, messages);
        else take(messages);
      } catch (error) {
        log.warn({ err: error, workerId: options.id }, 'could not claim; trying again');
        await pause(500);
      }
    }
  }

  /** Fills the slots at once, so that the next claim counts them; inputs are loaded for all of the claim together. */
  function take(messages: TaskMessage[]): void {
    if (messages.length === 0) return;
    const startedAt = clock.monotonicMs();
    const loading = prepare(messages);
    for (const [index, message] of messages.entries()) {
      const stop = new AbortController();
      const { promise, resolve } = Promise.withResolvers<void>();
      const slot: Slot = {
        message,
        startedAt,
        dueAt: Number.POSITIVE_INFINITY,
        checkedAt: null,
        stop,
        released: promise,
      };
      const name = `${message.taskId} ${message.attempt}`;
      slots.set(name, slot);
      const run = async () => runSlot(slot, (await loading)[index] ?? null);
      run()
        .catch((error: unknown) => {
          log.error({ err: error, runId: message.runId, taskId: message.taskId }, 'an attempt could not be run');
          return settle(message, null);
        })
        .finally(() => {
          slots.delete(name);
          slotFreed.resolve();
          resolve();
        });
    }
  }

  type Prepared = { node: Parameters<typeof executeAttempt>[1]['node']; material: NonNullable<Loaded[number]> } | null;
  type Loaded = Awaited<ReturnType<typeof dispatch.loadInputs>>;

  async function prepare(messages: TaskMessage[]): Promise<Prepared[]> {
    const nodes = await Promise.all(
      messages.map(async (message) => (await deps.graphs.load(message.workflow)).nodes.get(message.node) ?? null),
    );
    const wanted = messages.map((message, index) => ({
      task: attemptOf(message),
      nodes: nodes[index]?.resultReads ?? [],
    }));
    const materials = await dispatch.loadInputs(wanted);
    return messages.map((_, index) => {
      const [node, material] = [nodes[index], materials[index]];
      return node && material ? { node, material } : null;
    });
  }

  async function runSlot(slot: Slot, prepared: Prepared): Promise<void> {
    const { message, stop } = slot;
    if (!prepared) {
      // The attempt was overtaken between its offer and its claim: there is nothing to do but to drop it.
      await broker.publish([], [message]);
      return;
    }
    slot.dueAt = slot.startedAt + prepared.node.timeoutMs;
    announce(message, 'task_started', {});
    const outcome = await executeAttempt(
      { executors: options.executors, secrets: options.secrets, clock, log, onProgress },
      { message, ...prepared, stop },
    );
    await settle(message, outcome, stop.signal.aborted && stop.signal.reason === 'shutdown');
  }

  /** Without an outcome the claim ends: handed back on shutdown, dropped where the task is not wanted any more. */
  async function settle(message: TaskMessage, outcome: Outcome | null, handBack = false): Promise<void> {
    if (!outcome && !handBack) {
      await broker.publish([], [message]);
      return;
    }
    const ref = attemptOf(message);
    const event: RunEvent = outcome
      ? { type: 'outcome', outcome, worker: incarnation, ...ref }
      : { type: 'released', reason: 'handback', ...ref };
    await deps.settler.settle({ runId: message.runId, workflow: message.workflow, event, ack: message });
  }

  function onProgress(message: TaskMessage, progress: Json): void {
    announce(message, 'task_progress', { progress });
  }

  function announce(message: TaskMessage, type: 'task_started' | 'task_progress', data: { progress?: Json }): void {
    const { runId, taskId, key, node, attempt } = message;
    deps.bus.publish([
      { kind: 'live', runId, type, data: { taskId, key, node, attempt, worker: incarnation, ...data } },
    ]);
  }

  async function flush(): Promise<void> {
    const now = clock.monotonicMs();
    const lost = await flushRunning(dispatch, { running: slots.values(), worker: incarnation, now });
    const names = new Set(lost.map(({ message }) => `${message.taskId} ${message.attempt}`));
    for (const name of names) slots.get(name)?.stop.abort('revoked' satisfies StopReason);
  }

  async function beat(): Promise<void> {
    counter += 1;
    const alive = await fleet.beat({ ...vitals(), id: incarnation, counter });
    if (alive) return;
    // Declared dead while it was away: its attempts may have been handed out anew, and the fence will tell.
    log.warn({ workerId: incarnation }, 'this worker was declared dead; it goes on as a new incarnation');
    incarnation = `${options.id}.${counter}`;
    await register();
  }

  function vitals() {
    return { running: slots.size, rssBytes: options.rssBytes(), lanes: options.lanes, slots: options.slots };
  }

  async function register(): Promise<void> {
    const { name, version, pid, host } = options;
    await fleet.register({ ...vitals(), id: incarnation, name, version, pid, host, counter });
  }

  /** Calls `work` again and again with a pause between, and never twice at once. */
  function repeat(ms: number, what: string, work: () => Promise<void>): void {
    let cancel = clock.after(ms, run);
    function run(): void {
      work()
        .catch((error: unknown) => log.warn({ err: error, workerId: options.id }, `${what} failed`))
        .finally(() => {
          if (!ended) cancel = clock.after(ms, run);
        });
    }
    let ended = false;
    timers.push(() => {
      ended = true;
      cancel();
    });
  }

  async function pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    clock.after(ms, resolve);
    await promise;
  }

  async function shutDown(graceMs: number): Promise<void> {
    closing.abort();
    slotFreed.resolve();
    await loop;
    const released = () => Promise.all([...slots.values()].map((slot) => slot.released));
    await Promise.race([released(), pause(graceMs)]);
    for (const slot of slots.values()) slot.stop.abort('shutdown' satisfies StopReason);
    await released();
    for (const cancel of timers) cancel();
    forgetRevokes();
    await fleet.end([incarnation]);
  }

  return {
    id: options.id,
    async start() {
      await register();
      loop = claimLoop();
      repeat(RUNNING_AFTER_MS, 'writing running tasks', flush);
      repeat(BEAT_MS, 'a beat', beat);
    },
    stop(graceMs) {
      stopping ??= shutDown(graceMs);
      return stopping;
    },
    get running() {
      return slots.size;
    },
  };
}
