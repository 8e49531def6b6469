/** What the driver and the worker of the BullMQ side must agree on. */
export const QUEUE = 'bench';
/** One job at a time, by itself. */
export const LATENCY_QUEUE = 'latency';
export const PREFIX = 'bench';

export type JobData = {
  payload: string;
  /** The run that ends with this job. */
  ends?: string;
  /** This job begins a fan: it adds so many jobs, and one more that waits for them all. */
  fan?: { width: number; run: string };
};

/** Finished jobs are not kept, which is the fastest. */
export const JOB_OPTIONS = { removeOnComplete: true, removeOnFail: true } as const;

export function connectionOf(url: string): { host: string; port: number; maxRetriesPerRequest: null } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port), maxRetriesPerRequest: null };
}
