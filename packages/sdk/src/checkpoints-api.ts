/** Runs as they were after each of their steps, and runs beside each other. */
import type { Checkpoint, CheckpointDiff, CheckpointPage, RunComparison } from '@weft/contract';
import type { CallOptions, Transport } from './transport.ts';

type PageOptions = CallOptions & { limit?: number | undefined; cursor?: string | undefined };

export type DiffOptions = CallOptions & {
  from: number;
  to: number;
  /** The run that `to` is a step of, if it is another one. */
  other?: string | undefined;
};

export type CheckpointsApi = {
  readonly checkpoints: {
    /** One for each step, oldest first. */
    list(id: string, options?: PageOptions): Promise<CheckpointPage>;
    /** The run after the step; `limit` and `cursor` choose the page of its tasks. */
    get(id: string, step: number, options?: PageOptions): Promise<Checkpoint>;
  };
  /** What differs between two checkpoints, of one run or of two. */
  diff(id: string, options: DiffOptions): Promise<CheckpointDiff>;
  /** Two runs beside each other, node by node; `other` is `to`. Throws `ApiError` `not_found`, which names the run. */
  compare(id: string, other: string, options?: CallOptions): Promise<RunComparison>;
};

export function checkpointsApi(transport: Transport, pathOf: (id: string) => string): CheckpointsApi {
  const read = <T>(path: string, { signal, ...query }: PageOptions | DiffOptions = {}): Promise<T> =>
    transport.json({ signal, path, query });
  return {
    checkpoints: {
      list: (id, options) => read(`${pathOf(id)}/checkpoints`, options),
      get: (id, step, options) => read(`${pathOf(id)}/checkpoints/${step}`, options),
    },
    diff: (id, options) => read(`${pathOf(id)}/diff`, options),
    compare: (id, other, { signal } = {}) =>
      transport.json({ signal, path: `${pathOf(id)}/compare`, query: { other } }),
  };
}
