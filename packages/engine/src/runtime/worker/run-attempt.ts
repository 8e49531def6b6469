/** One claimed attempt, from its slot to its settled outcome. */
import type { Outcome } from '../../domain/outcome/outcome.ts';
import type { TaskMessage } from '../../ports/index.ts';
import { keepOutput } from '../artifacts/keep-output.ts';
import { isHandedBack } from './attempt-time.ts';
import { AttemptVoice } from './attempt-voice.ts';
import type { Cashier } from './cashier.ts';
import { executeAttempt } from './execute-attempt.ts';
import type { LiveOutbox } from './live-outbox.ts';
import type { Prepared } from './prepare-attempts.ts';
import { attemptOf } from './running-flush.ts';
import type { SharedResults } from './shared-results.ts';
import type { Slot } from './slots.ts';
import type { WorkerDeps, WorkerOptions } from './worker-options.ts';

type Claimed = {
  slot: Slot;
  /** Null: the attempt was overtaken between its offer and its claim. */
  prepared: Prepared | null;
  options: WorkerOptions;
  shared: SharedResults;
  cashier: Cashier;
  outbox: LiveOutbox;
  /** The worker's id in the fleet. */
  worker: string;
  /** Whether the worker begins this task, which the outcome of the attempt has readied, at once. */
  goOn: (message: TaskMessage) => boolean;
  /** Called when the attempt is over, before its outcome is settled. */
  onOver: () => void;
};

export async function runAttempt(
  deps: WorkerDeps,
  { slot, prepared, options, shared, cashier, outbox, worker, goOn, onOver }: Claimed,
): Promise<void> {
  const { message, stop } = slot;
  if (!prepared) {
    await drop(deps, message);
    return;
  }
  slot.dueAt = slot.startedAt + prepared.node.timeoutMs;
  const { executors, version, secrets } = options;
  const { files, clock, log } = deps;
  const voice = new AttemptVoice({ outbox, message, worker, secrets, clock, log });
  const attempt = { message, ...prepared, memo: prepared.material.memo ?? null, stop, voice };
  const ended = await executeAttempt({ executors, version, secrets, shared, cashier, files, clock, log }, attempt);
  const outcome = ended && prepared.keepsOutput ? await keepOutput(deps, ended, placeOf(slot)) : ended;
  voice.end();
  onOver();
  const ranMs = deps.clock.monotonicMs() - slot.startedAt;
  // Whoever watches hears what an attempt said before it hears what came of it.
  await voice.arrived();
  if (outcome) await settle(deps, { slot, worker, outcome, ranMs, goOn });
  else if (isHandedBack(stop.signal)) await handBack(deps, slot);
  else await drop(deps, message);
}

function placeOf({ message, stop }: Slot) {
  const { workflow, runId, taskId, node } = message;
  return { tenant: workflow.tenant, runId, taskId, node, signal: stop.signal };
}

async function settle(
  { settler }: WorkerDeps,
  {
    slot,
    worker,
    outcome,
    ranMs,
    goOn,
  }: Pick<Claimed, 'slot' | 'worker' | 'goOn'> & { outcome: Outcome; ranMs: number },
): Promise<void> {
  const { message, isHeld } = slot;
  const { runId, workflow } = message;
  const event = { type: 'outcome', outcome, worker, ranMs, ...attemptOf(message) } as const;
  await settler.settle({ runId, workflow, event, message, isHeld, goOn });
}

/** Releasing a started task is a commit: it is handed out anew, with the next attempt (rule A4). */
export async function handBack({ settler }: WorkerDeps, { message, isHeld }: Slot): Promise<void> {
  const { runId, workflow } = message;
  const event = { type: 'released', reason: 'handback', ...attemptOf(message) } as const;
  await settler.settle({ runId, workflow, event, message, isHeld });
}

/** The task is not wanted any more: only the claim ends. */
async function drop({ broker }: WorkerDeps, message: TaskMessage): Promise<void> {
  await broker.publish([], [message]);
}
