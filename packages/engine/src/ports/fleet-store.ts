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
  startedAt: number;
  beatAt: number;
  endedAt: number | null;
};

export type WorkerBeat = Pick<WorkerRecord, 'id' | 'counter' | 'running' | 'rssBytes' | 'lanes' | 'slots'>;

/** Which workers there are. Written without waiting for the disk: it is rebuilt by the next beat. */
export type FleetStore = {
  register(worker: Omit<WorkerRecord, 'startedAt' | 'beatAt' | 'endedAt'>): Promise<void>;
  /** Returns false if the worker was declared ended meanwhile: it must register as a new one. */
  beat(beat: WorkerBeat): Promise<boolean>;
  /** Workers that have not ended, and those that ended within the last hour. */
  list(): Promise<WorkerRecord[]>;
  /** Declares workers ended: they left, or are dead. What they were running is stranded from now on. */
  end(ids: readonly string[]): Promise<void>;
};
