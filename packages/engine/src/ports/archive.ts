/**
 * Where deleted runs are kept as lines of text. A file is provisional until it is settled: what a crash leaves behind is told
 * apart by whether its runs are still in the store.
 */
export type Archive = {
  /** Writes one provisional file; it is durable once this returns. Each line begins with the id of its run. */
  write(name: string, text: AsyncIterable<string>): Promise<void>;
  /** The provisional files. */
  provisional(): Promise<string[]>;
  /** Makes a file final, without the runs that are still in the store; a file of nothing else is removed. Gives how many are in it. */
  settle(name: string, remaining: (runIds: readonly string[]) => Promise<ReadonlySet<string>>): Promise<number>;
};
