/**
 * Starts the runs of schedules. The instants, and what became of each, stand in the store; a turn of the fleet, or this process's own
 * clock where there are no turns, only says when to look. Any number of processes may look at once: a schedule is seen to by one
 * of them, and an instant becomes a run in one transaction with the row that says so.
 */
import { pausedBy, tickSchedule } from '../../domain/schedules/tick-schedule.ts';
import { timetableOf } from '../../domain/schedules/timetable.ts';
import type { ScheduleSight, ScheduleTick } from '../../ports/index.ts';
import type { EngineDeps } from '../deps.ts';
import type { StartRequest } from '../engine.ts';
import { repeat } from '../repeat.ts';
import { createFiring } from './fire.ts';
import type { FiringDeps } from './fire.ts';

/** What the process that takes in new work says to it. */
export type Admit = {
  /** Throws AppError where the run must wait. */
  admit(request: StartRequest): Promise<void>;
  /** Whether this process has too much to do; others go on. */
  isBusy(): boolean;
};

export type Scheduler = {
  start(admit: Admit): void;
  /** Ends what is under way. */
  stop(): Promise<void>;
  /** Looks once, and starts what is due; `at` for tests, which tell the time. */
  round(at?: number): Promise<void>;
};

type SchedulerDeps = Pick<EngineDeps, 'schedules' | 'scheduleTurns' | 'clock' | 'log'> & Omit<FiringDeps, 'admit'>;

const CHORE = 'schedules';
const TURN_MS = 1000;
/** How often each process looks by itself, whatever became of the turns. */
const LOOK_MS = 5000;
const BATCH = 100;
const PRUNE_MS = 3_600_000;
/** Firings that are over are kept for so long. */
const KEEP_MS = 30 * 24 * 3_600_000;
const PRUNE_BATCH = 5000;

export function createScheduler(deps: SchedulerDeps): Scheduler {
  const { schedules, scheduleTurns, log } = deps;
  let gate: Admit = { admit: async () => undefined, isBusy: () => false };
  const firing = createFiring({ ...deps, admit: (request) => gate.admit(request) });
  let ends: (() => void)[] = [];
  let isStopped = false;
  let current: Promise<void> | null = null;
  const prune = createPrune(deps);

  async function look(at: number | null): Promise<void> {
    let ticks: ScheduleTick[];
    do {
      ticks = await schedules.tick({ limit: BATCH, at }, decide);
      await firing.carryOut(ticks);
    } while (ticks.length === BATCH && !isStopped && !gate.isBusy());
    await prune();
  }

  /** One whose instants cannot be told any more keeps none of the others from theirs. */
  function decide(sight: ScheduleSight): ScheduleTick {
    try {
      return tickSchedule(sight, timetableOf(sight.schedule.definition.spec));
    } catch (error) {
      log.error({ err: error, schedule: sight.schedule.name }, 'a schedule cannot be understood; it is paused');
      return pausedBy(sight, error instanceof Error ? error.message : String(error));
    }
  }

  function round(at: number | null = null): Promise<void> {
    current ??= look(at).finally(() => {
      current = null;
    });
    return current;
  }

  async function turn(): Promise<void> {
    if (isStopped || gate.isBusy()) return;
    await round().catch((error: unknown) => log.warn({ err: error }, 'looking at the schedules failed'));
  }

  return {
    start(admit) {
      gate = admit;
      const keep = async () => scheduleTurns?.keep([{ name: CHORE, everyMs: TURN_MS }]);
      const work = async () => {
        const kept = keep().catch((error: unknown) =>
          log.warn({ err: error }, 'asking for the turns of schedules failed'),
        );
        await Promise.all([kept, turn()]);
      };
      const everyMs = scheduleTurns ? LOOK_MS : TURN_MS;
      ends = [repeat(deps, { everyMs, what: 'looking at the schedules', work })];
      if (scheduleTurns) ends.push(scheduleTurns.onTurn(turn));
      void work();
    },
    async stop() {
      isStopped = true;
      for (const end of ends.splice(0)) end();
      await current?.catch(() => undefined);
    },
    round: (at) => round(at ?? null),
  };
}

/** Deletes what is over for long, now and then. */
function createPrune({ schedules, clock }: Pick<SchedulerDeps, 'schedules' | 'clock'>): () => Promise<void> {
  let prunedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (clock.monotonicMs() - prunedAt < PRUNE_MS) return;
    const gone = await schedules.pruneFires(KEEP_MS, PRUNE_BATCH);
    if (gone < PRUNE_BATCH) prunedAt = clock.monotonicMs();
  };
}
