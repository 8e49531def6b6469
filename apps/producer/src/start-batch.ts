/** Many runs in one call: each stands or falls alone, and all of them share what they have in common. */
import { AppError, BatchedStartRun, toProblem } from '@weft/contract';
import type { BatchedRun, Problem, StartRun } from '@weft/contract';
import { contentHash } from '@weft/engine/domain';
import type { WorkflowRef } from '@weft/engine/domain';
import type { StartRequest, StartResult } from '@weft/engine/runtime';

import type { AppOptions } from './app-options.ts';
import { checkedKey } from './http/idempotency.ts';
import { deletedRun } from './http/ids.ts';
import { toAppError } from './http/problem-reply.ts';
import { checkBy } from './http/request-problems.ts';
import type { InlineWorkflows } from './inline-workflows.ts';
import type { Backpressure } from './pressure/backpressure.ts';
import { refuseUnsealed, startRequestOf } from './start-request.ts';
import { workflowOf } from './workflow-refs.ts';

export type BatchContext = {
  tenant: string;
  requestId: string;
  /** The key of the whole batch: run N without a key of its own gets `KEY/N`. */
  key: string | null;
  /** The id of the API key that the caller has. */
  apiKey: string | null;
  /** Adds to an error where in the body's text it is. */
  locate: (error: AppError) => AppError;
};

/** How many runs are looked up at once. */
const READS = 20;

/** Starts the runs; their answers come in order. Those that can start are handed to the engine together. */
export async function startBatch(
  parts: { options: AppOptions; inline: InlineWorkflows; backpressure: Backpressure },
  runs: readonly unknown[],
  { tenant, requestId, key, apiKey, locate }: BatchContext,
): Promise<(BatchedRun | Problem)[]> {
  const { options, inline, backpressure } = parts;
  const refOf = sharedRefs((workflow) => workflowOf({ options, inline, tenant }, workflow));
  const checked: (StartRequest | AppError)[] = [];
  const shared = { key, apiKey, refOf, backpressure, callbacks: options.callbacks };
  // One after the other: what the first has saved, the others find.
  for (const [n, run] of runs.entries()) checked.push(await requestOf(run, { ...shared, n }));
  refuseWhole(checked);
  const valid = checked.flatMap((item) => (item instanceof AppError ? [] : [item]));
  const results = (await options.engine.startRuns(valid)).values();
  const started = checked.map((item) => (item instanceof AppError ? item : (results.next().value ?? noAnswer())));
  const statuses = await statusesOf(options, tenant, started);
  return started.map((result, n) => {
    if (result instanceof AppError) return toProblem(locate(placed(result, n)), requestId);
    const status = result.status ?? statuses.get(result.runId);
    if (status === undefined) return toProblem(locate(placed(deletedRun(result.runId), n)), requestId);
    return { id: result.runId, status };
  });
}

/** A batch of which every run is refused for the same want of room is refused as a whole, so that it says when to come again. */
function refuseWhole(checked: readonly (StartRequest | AppError)[]): void {
  const [first] = checked;
  const isFull = (item: StartRequest | AppError) => item instanceof AppError && item.code === 'lane_full';
  if (first instanceof AppError && checked.every(isFull)) throw first;
}

type RefOf = (workflow: StartRun['workflow']) => Promise<WorkflowRef>;

/** Each workflow is looked up, or checked and saved, once for all the runs that name it or bring it. */
function sharedRefs(load: RefOf): RefOf {
  const known = new Map<string, Promise<WorkflowRef>>();
  return (workflow) => {
    const text = JSON.stringify(workflow);
    const ref = known.get(text) ?? load(workflow);
    known.set(text, ref);
    return ref;
  };
}

async function requestOf(
  run: unknown,
  {
    n,
    key,
    apiKey,
    refOf,
    backpressure,
    callbacks,
  }: Pick<BatchContext, 'key' | 'apiKey'> &
    Pick<AppOptions, 'callbacks'> & {
      n: number;
      refOf: RefOf;
      backpressure: Backpressure;
    },
): Promise<StartRequest | AppError> {
  const checked = checkBy(BatchedStartRun, run, []);
  if (checked instanceof AppError) return checked;
  const { idempotencyKey, ...body } = checked.value;
  try {
    refuseUnsealed(callbacks, body);
    const own = idempotencyKey === undefined ? null : checkedKey(idempotencyKey, KEY_POINTER);
    const itemKey = own ?? (key && `${key}/${n}`);
    const idempotency = itemKey === null ? null : { key: itemKey, payloadHash: hashOf(run) };
    const request = startRequestOf(body, { workflow: await refOf(body.workflow), idempotency, key: apiKey });
    await backpressure.refuseFull(request);
    return request;
  } catch (error) {
    return toAppError(error);
  }
}

const KEY_POINTER = '/idempotencyKey';

/** Of what `POST /v1/runs` would have been sent, so that both ways find the same run under the same key. */
function hashOf(run: unknown): string {
  const { idempotencyKey: _key, ...body } = run as Record<string, never>;
  return contentHash(body);
}

/** The error with its pointers where the run stands in the batch. */
function placed(error: AppError, n: number): AppError {
  const errors = error.errors.map((item) => ({ ...item, pointer: `/runs/${n}${item.pointer}` }));
  return new AppError(error.code, error.message, { errors, cause: error });
}

/** The present status of runs that an earlier request has started. */
async function statusesOf(
  { queries }: AppOptions,
  tenant: string,
  started: readonly (StartResult | AppError)[],
): Promise<Map<string, BatchedRun['status']>> {
  const ids = started.flatMap((result) => (result instanceof AppError || result.created ? [] : [result.runId]));
  const statuses = new Map<string, BatchedRun['status']>();
  for (let i = 0; i < ids.length; i += READS) {
    const records = await Promise.all(ids.slice(i, i + READS).map((id) => queries.reader.run(tenant, id)));
    for (const record of records) if (record) statuses.set(record.head.id, record.head.status);
  }
  return statuses;
}

function noAnswer(): AppError {
  return new AppError('internal', 'the engine has answered nothing');
}
