import type { Zone } from '../domain/load/zone.ts';

/** What a worker shall do: claim and run; run what it has and claim nothing; the same, and leave once it has nothing. */
export type DesiredState = 'active' | 'cordoned' | 'draining';

/**
 * How many tasks of a tenant this worker ends on a lane, smoothed, each second. `latencyMs`: how long they took from ready to
 * ended, smoothed; workers of an older release do not say.
 */
export type LaneRate = { lane: string; tenant: string; perSecond: number; latencyMs?: number };

/** How a worker is, as it measures itself. Bytes and milliseconds. */
export type WorkerHealth = {
  heapBytes: number;
  /** Of the process and the processes that it has started. */
  memoryBytes: number;
  limitBytes: number;
  /** How late its event loop is, p99. */
  lagMs: number;
  zone: Zone;
  /** 1 - memory/limit. */
  healthScore: number;
  /** How many tasks it would run at once now. */
  slotsEffective: number;
  rates: LaneRate[];
};

/** One incarnation of a worker process. */
export type WorkerRecord = {
  id: string;
  name: string;
  lanes: string[];
  slots: number;
  running: number;
  /** Rises with every beat; a counter that stands still is a dead worker (rule A6). */
  counter: number;
  version: string;
  pid: number;
  host: string;
  rssBytes: number;
  /** Null before its first beat. */
  health: WorkerHealth | null;
  desired: DesiredState;
  startedAt: number;
  beatAt: number;
  endedAt: number | null;
};

export type WorkerBeat = Pick<WorkerRecord, 'id' | 'counter' | 'running' | 'rssBytes' | 'lanes' | 'slots' | 'health'>;

/** Which workers there are. Written without waiting for the disk: it is rebuilt by the next beat. */
export type FleetStore = {
  register(worker: Omit<WorkerRecord, 'startedAt' | 'beatAt' | 'endedAt'>): Promise<void>;
  /** Returns what it shall do; null if the worker was declared ended meanwhile: it must register as a new one. */
  beat(beat: WorkerBeat): Promise<DesiredState | null>;
  /** Workers that have not ended, and those that ended within the last hour. */
  list(): Promise<WorkerRecord[]>;
  /** Says what a worker shall do; it learns that with its next beat. Gives the worker, null if there is no such one. */
  want(id: string, desired: DesiredState): Promise<WorkerRecord | null>;
  /** Declares workers ended: they left, or are dead. What they were running is stranded from now on. */
  end(ids: readonly string[]): Promise<void>;
};
