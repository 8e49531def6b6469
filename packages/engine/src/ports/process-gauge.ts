/** A bound on memory and what is used under it, bytes: that of the process and its children, or that of a whole container. */
export type MemoryBound = { usedBytes: number; limitBytes: number };

/** What a process measures of itself. */
export type GaugeReading = {
  /** Resident memory of this process. */
  rssBytes: number;
  heapBytes: number;
  /** Resident memory of this process and of those that its tasks have started. */
  treeBytes: number;
  /** At least one; the tightest counts. */
  bounds: readonly MemoryBound[];
  /** How late the event loop was since the last reading, p99, ms. */
  lagMs: number;
};

/** Measures the process it is in. */
export type ProcessGauge = {
  read(): Promise<GaugeReading>;
  /** Of this process, at once; cheap. */
  rssBytes(): number;
  /** Gives back what memory can be given back at once. Resolves once it shows, with how long the process stood still for it, ms. */
  relieve(): Promise<number>;
  close(): void;
};
