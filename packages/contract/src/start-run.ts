import { z } from 'zod';
import { Callback } from './callback.ts';
import { JsonRecord, JsonValue } from './json.ts';
import { Tags, WorkflowName } from './name.ts';
import { Budget, Priority } from './policy.ts';
import { Problem } from './problem.ts';
import { RunStatus } from './run.ts';
import { Id, WorkflowVersion } from './wire.ts';

/**
 * The body of `POST /v1/runs`. An inline document is taken as any object here, because its validation reports every error
 * with its place, which a union of schemas cannot.
 */
export const StartRun = z
  .strictObject({
    workflow: z
      .union([WorkflowName, WorkflowVersion, JsonRecord.meta({ description: 'A workflow document' })])
      .meta({ description: 'A name (latest version), a name and version, or a whole document' }),
    input: JsonValue.optional().meta({ description: 'Without it: {}' }),
    config: JsonRecord.optional(),
    priority: Priority.optional(),
    tags: Tags.optional(),
    callbacks: z.array(Callback).max(10).optional().meta({ description: 'Who is told about it' }),
    budget: Budget.optional(),
  })
  .meta({ id: 'StartRun', description: 'Which workflow to run, with what' });
export type StartRun = z.infer<typeof StartRun>;

/** A key under which a request may be sent again. */
export const IdempotencyKey = z.string().min(1).max(255);

/** One run of a batch. */
export const BatchedStartRun = StartRun.extend({ idempotencyKey: IdempotencyKey.optional() }).meta({
  id: 'BatchedStartRun',
  description: 'A run of a batch; the same key and content again, here or by `POST /v1/runs`, is the same run',
});
export type BatchedStartRun = z.infer<typeof BatchedStartRun>;

/** How many runs a batch may start. */
export const MAX_BATCH_RUNS = 1000;

/** The body of `POST /v1/runs/batch`. */
export const StartRunBatch = z
  .strictObject({ runs: z.array(BatchedStartRun).min(1).max(MAX_BATCH_RUNS) })
  .meta({ id: 'StartRunBatch', description: 'Runs to start together' });
export type StartRunBatch = z.infer<typeof StartRunBatch>;

/** A run of a batch that was started, now or before under the same key. */
export const BatchedRun = z.object({ id: Id, status: RunStatus }).meta({ id: 'BatchedRun' });
export type BatchedRun = z.infer<typeof BatchedRun>;

/** The answer to a batch: one item for each run, in order. */
export const StartedRunBatch = z
  .object({ items: z.array(z.union([BatchedRun, Problem])) })
  .meta({ id: 'StartedRunBatch', description: 'What became of each run of a batch, in order' });
export type StartedRunBatch = z.infer<typeof StartedRunBatch>;

const LONGEST_WAIT_MS = 60_000;

/** How long to wait, such as `30s`, `500ms` or `1m`, at most 60 s. */
export const WaitTime = z
  .string()
  .regex(/^\d{1,6}(ms|s|m)?$/, { error: 'must be a duration such as 30s or 500ms', abort: true })
  .refine((text) => waitMs(text) <= LONGEST_WAIT_MS, { error: 'at most 60s' });

/** The query of `POST /v1/runs`: how long to wait for the end; in ms once parsed. */
export const StartRunQuery = z.strictObject({ wait: WaitTime.transform(waitMs).optional() });
export type StartRunQuery = z.infer<typeof StartRunQuery>;

/** ms of a `WaitTime`. */
export function waitMs(text: string): number {
  const unitMs = text.endsWith('ms') ? 1 : text.endsWith('m') ? 60_000 : 1000;
  return Number.parseInt(text, 10) * unitMs;
}
