import type { TaskMessage } from '@weft/engine/ports';

/** A message is a task's address and no data; one that is longer than this is a mistake. */
const MOST_CHARACTERS = 16 * 1024;

/**
 * What a lane holds of a task: the fields that scripts read, a line each, then the message as JSON, which holds no line
 * break. The empty line is for the worker that claims it.
 */
export function encodeRecord(message: TaskMessage): string {
  const { attempt, priority, readyAt, workflow } = message;
  return `${attempt}\n${priority}\n${readyAt}\n\n${workflow.tenant}\n${JSON.stringify(message)}`;
}

/** Whether a lane can hold this message. */
export function isPublishable(message: TaskMessage): boolean {
  return encodeRecord(message).length <= MOST_CHARACTERS && !message.workflow.tenant.includes('\n');
}

/** @throws RangeError for a name that would break the record */
export function requireOneLine(name: string): void {
  if (name.includes('\n')) throw new RangeError(`a name holds a line break: ${JSON.stringify(name)}`);
}

/** Null for what no broker has written. */
export function decodeMessage(json: string): TaskMessage | null {
  try {
    const value: unknown = JSON.parse(json);
    return isTaskMessage(value) ? value : null;
  } catch {
    return null;
  }
}

const TEXTS = ['taskId', 'runId', 'key', 'node', 'lane'];
const NUMBERS = ['taskEpoch', 'runEpoch', 'attempt', 'priority', 'readyAt'];

function isTaskMessage(value: unknown): value is TaskMessage {
  if (!isRecord(value) || !isRecord(value['workflow'])) return false;
  if (!TEXTS.every((name) => typeof value[name] === 'string')) return false;
  const { tenant, name, version } = value['workflow'];
  const isWorkflow = typeof tenant === 'string' && typeof name === 'string' && typeof version === 'number';
  return isWorkflow && NUMBERS.every((field) => typeof value[field] === 'number');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
