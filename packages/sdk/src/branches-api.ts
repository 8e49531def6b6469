/** Going on from checkpoints, and beginning again. */
import type { ForkRun, Json, JsonObject, RerunRun, Run } from '@weft/contract';
import type { KeyedOptions } from './steer-api.ts';
import { keyHeader } from './tasks-api.ts';
import type { Transport } from './transport.ts';

/** What is changed in the state of the checkpoint: values that are replaced, then updates through the reducers. */
export type StateChanges = {
  stateOverrides?: Readonly<JsonObject> | undefined;
  stateUpdates?: Readonly<JsonObject> | undefined;
};

export type ForkOptions = NonNullable<ForkRun>;
export type RerunOptions = NonNullable<RerunRun>;

export type BranchesApi = {
  /** Has the run go on from the step; what came after it is superseded. Throws `ApiError` `conflict` if it had ended with it. */
  replay(id: string, step: number, changes?: StateChanges, options?: KeyedOptions): Promise<Run>;
  /** Starts a run that goes on from a step of this one; from the last one where none is named. */
  fork(id: string, fork?: ForkOptions, options?: KeyedOptions): Promise<Run>;
  /** Starts the run again from its beginning, as another run. */
  rerun(id: string, rerun?: RerunOptions, options?: KeyedOptions): Promise<Run>;
};

export function branchesApi(transport: Transport, pathOf: (id: string) => string): BranchesApi {
  const post = (path: string, json: Json, { signal, idempotencyKey }: KeyedOptions = {}): Promise<Run> =>
    transport.json({ signal, method: 'POST', path, headers: keyHeader(idempotencyKey), json });
  return {
    replay: (id, step, changes, options) => post(`${pathOf(id)}/replay`, { step, ...changes } as JsonObject, options),
    fork: (id, fork = {}, options) => post(`${pathOf(id)}/fork`, fork as JsonObject, options),
    rerun: (id, rerun = {}, options) => post(`${pathOf(id)}/rerun`, rerun as JsonObject, options),
  };
}
