import type { Priority } from '@weft/engine/domain';
import type { Payer, TaskMessage } from '@weft/engine/ports';

import { longId, shortId } from './short-id.ts';

/** A message is a task's address and no data; one that is longer than this is a mistake. */
const MOST_CHARACTERS = 16 * 1024;

/** A message and what a lane holds of it. */
export type LaneRecord = { message: TaskMessage; record: string };

/**
 * What a lane holds of a task: what scripts read, a line each, then the other fields as a JSON list, which holds no
 * line break. What the lane and the record's key say is not said again. It is written once and never changed: where a task
 * is stands elsewhere.
 */
export function encodeRecord(message: TaskMessage): string {
  const { attempt, priority, readyAt, workflow } = message;
  return `${attempt}\n${readyAt}\n${priority}:${workflow.tenant}\n${JSON.stringify(fieldsOf(message))}`;
}

function fieldsOf({ runId, key, node, workflow, taskEpoch, runEpoch, crashes, seed, payer }: TaskMessage): unknown[] {
  const names = [shortId(runId), key, node, workflow.name];
  const numbers = [workflow.version, taskEpoch, runEpoch, crashes];
  const start = seed ? [seed.step, seed.live, seed.priority] : [];
  return [...names, ...numbers, ...start, ...(payer ? [payer] : [])];
}

/** Whether a lane can hold this message. */
export function isPublishable({ message, record }: LaneRecord): boolean {
  return record.length <= MOST_CHARACTERS && !message.workflow.tenant.includes('\n');
}

/** @throws RangeError for a name that would break the record */
export function requireOneLine(name: string): void {
  if (name.includes('\n')) throw new RangeError(`a name holds a line break: ${JSON.stringify(name)}`);
}

/** Null for what no broker has written. */
export function decodeRecord(record: string, { lane, taskId }: { lane: string; taskId: string }): TaskMessage | null {
  const [attempt, readyAt, list, json] = record.split('\n');
  const known = json === undefined ? null : fieldsIn(json);
  if (list === undefined || known === null) return null;
  const { fields, payer } = known;
  const [priority, tenant] = [list.slice(0, 1), list.slice(2)];
  const [shortRunId, key, node, name, version, taskEpoch, runEpoch, crashes, step, live, runPriority] = fields;
  const message = {
    taskId,
    runId: longId(shortRunId),
    key,
    node,
    lane,
    workflow: { tenant, name, version },
    taskEpoch,
    runEpoch,
    attempt: Number(attempt),
    priority: Number(priority) as Priority,
    readyAt: Number(readyAt),
    crashes,
    ...(payer && { payer }),
  };
  if (step === undefined || live === undefined) return message;
  return { ...message, seed: { step, live, priority: runPriority as Priority } };
}

type Fields = [...names: Four<string>, ...numbers: Four<number>, ...seed: number[]];
type Four<T> = [T, T, T, T];

const NAMES = 4;
const FIELDS = 8;
const SEED = 3;

function fieldsIn(json: string): { fields: Fields; payer: Payer | null } | null {
  try {
    const value: unknown = JSON.parse(json);
    if (!Array.isArray(value)) return null;
    const payer = isPayer(value.at(-1)) ? (value.pop() as Payer) : null;
    return isFields(value) ? { fields: value, payer } : null;
  } catch {
    return null;
  }
}

function isPayer(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'runs' in value && Array.isArray(value.runs);
}

function isFields(value: unknown[]): value is Fields {
  if (value.length !== FIELDS && value.length !== FIELDS + SEED) return false;
  return value.every((field, index) => typeof field === (index < NAMES ? 'string' : 'number'));
}
