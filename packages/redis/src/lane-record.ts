import type { Priority } from '@weft/engine/domain';
import type { TaskMessage } from '@weft/engine/ports';

/** A message is a task's address and no data; one that is longer than this is a mistake. */
const MOST_CHARACTERS = 16 * 1024;

/** A message and what a lane holds of it. */
export type LaneRecord = { message: TaskMessage; record: string };

/**
 * What a lane holds of a task: the fields that scripts read, a line each, then the message as JSON, which holds no line
 * break. The empty line is for the worker that claims it. The message is a list of its fields, since their names would be
 * half of it.
 */
export function encodeRecord(message: TaskMessage): string {
  const { attempt, priority, readyAt, workflow } = message;
  return `${attempt}\n${priority}\n${readyAt}\n\n${workflow.tenant}\n${JSON.stringify(fieldsOf(message))}`;
}

function fieldsOf(message: TaskMessage): unknown[] {
  const { taskId, runId, key, node, lane, workflow, seed } = message;
  const { taskEpoch, runEpoch, attempt, priority, readyAt, crashes } = message;
  const numbers = [taskEpoch, runEpoch, attempt, priority, readyAt, crashes];
  const names = [taskId, runId, key, node, lane, workflow.tenant, workflow.name];
  const fields = [...names, workflow.version, ...numbers];
  return seed ? [...fields, seed.step, seed.live, seed.priority] : fields;
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
export function decodeMessage(json: string): TaskMessage | null {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) && isFields(value) ? messageOf(value) : null;
  } catch {
    return null;
  }
}

type Fields = [...names: Seven<string>, version: number, ...numbers: Six<number>, ...seed: number[]];
type Six<T> = [T, T, T, T, T, T];
type Seven<T> = [...Six<T>, T];

const NAMES = 7;
const FIELDS = 14;
const SEED = 3;

function isFields(value: unknown[]): value is Fields {
  if (value.length !== FIELDS && value.length !== FIELDS + SEED) return false;
  return value.every((field, index) => typeof field === (index < NAMES ? 'string' : 'number'));
}

function messageOf(fields: Fields): TaskMessage {
  const [taskId, runId, key, node, lane, tenant, name, version, ...numbers] = fields;
  const [taskEpoch, runEpoch, attempt, priority, readyAt, crashes, step, live, runPriority] = numbers;
  const address = { taskId, runId, key, node, lane, workflow: { tenant, name, version } };
  const message = { ...address, taskEpoch, runEpoch, attempt, priority: priority as Priority, readyAt, crashes };
  if (step === undefined || live === undefined) return message;
  return { ...message, seed: { step, live, priority: runPriority as Priority } };
}
