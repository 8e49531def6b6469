/** A recorded run: one JSON file, complete in itself. */
import { JsonRecord, JsonValue, RunStatus, TaskError, WorkflowDocument } from '@weft/contract';
import { z } from 'zod';

import { WorkflowTestError } from '../test-error.ts';

/** The version of the format; a file of another one is not read. */
export const RECORDING_VERSION = 1;

/** What came of one attempt, and the step of the journal that says so. */
const Attempt = z.discriminatedUnion('result', [
  z.strictObject({
    result: z.literal('succeeded'),
    step: z.int(),
    output: JsonValue,
    stateUpdates: JsonRecord.exactOptional(),
    goto: z.array(z.string()).exactOptional(),
  }),
  z.strictObject({ result: z.literal('failed'), step: z.int(), error: TaskError }),
  z.strictObject({ result: z.literal('crashed'), step: z.int() }),
  /** No worker took the task in time. */
  z.strictObject({ result: z.literal('notTaken'), step: z.int() }),
]);
export type RecordedAttempt = z.infer<typeof Attempt>;

/** What reached the run from outside, in the order of its steps. */
const Event = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('answer'),
    step: z.int(),
    key: z.string(),
    value: JsonValue,
    by: z.string().nullable(),
  }),
  z.strictObject({ type: z.literal('signal'), step: z.int(), name: z.string(), payload: JsonValue }),
  z.strictObject({ type: z.literal('inject'), step: z.int(), updates: JsonRecord, afterNode: z.string().nullable() }),
  z.strictObject({ type: z.literal('cancel'), step: z.int(), reason: z.string() }),
  z.strictObject({ type: z.literal('retry'), step: z.int() }),
]);
export type RecordedEvent = z.infer<typeof Event>;

export const Recording = z.strictObject({
  weftRecording: z.literal(RECORDING_VERSION),
  workflow: z.strictObject({ name: z.string(), version: z.int(), document: WorkflowDocument }),
  run: z.strictObject({ id: z.string(), input: JsonValue, config: JsonRecord, startedAt: z.string() }),
  /** What came of it: the replay is held against this. */
  ended: z.strictObject({
    status: RunStatus,
    output: JsonValue,
    state: JsonRecord,
    error: TaskError.nullable(),
    path: z.array(z.string()),
    tasks: z.record(z.string(), z.string()),
  }),
  /** Attempts of tasks and results of children by the key of the task. */
  attempts: z.record(z.string(), z.array(Attempt)),
  /** When timers fired, by the key of the task: the steps that say so. */
  timers: z.record(z.string(), z.array(z.int())),
  events: z.array(Event),
});
export type Recording = z.infer<typeof Recording>;

/** Reads a recording. Throws WorkflowTestError `bad_recording`. */
export function parseRecording(text: string, file: string): Recording {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new WorkflowTestError(
      'bad_recording',
      `${file} is no JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const version =
    typeof value === 'object' && value !== null && 'weftRecording' in value ? value.weftRecording : undefined;
  if (version === undefined)
    throw new WorkflowTestError('bad_recording', `${file} is no recording of a run: it has no "weftRecording"`);
  if (version !== RECORDING_VERSION) {
    const message = `${file} has version ${JSON.stringify(version)} of the format; this Weft reads version ${RECORDING_VERSION}: record the run again`;
    throw new WorkflowTestError('bad_recording', message);
  }
  const parsed = Recording.safeParse(value);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.slice(0, 10).map(({ path, message }) => `  /${path.join('/')}: ${message}`);
  throw new WorkflowTestError('bad_recording', `${file} is no whole recording`, lines);
}
