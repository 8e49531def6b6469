/**
 * Where an agent may tell that a task of its has moved on. It is a hint and carries nothing: the task is asked about at once
 * instead of later. The token is a code over the task that only who knows the key can make, so that nothing has to be kept.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export type PushAddress = { url: string; token: string };

export type PushTask = { tenant: string; taskId: string };

export type PushHints = {
  addressOf(task: PushTask): PushAddress;
  /** Whether the token was given out for this task. */
  isFor(task: PushTask, token: string): boolean;
};

type Key = { bytes: Buffer };

/** `publicUrl`: where agents reach the API of Weft. `keys`: the present one first; tokens of all of them count. */
export function createPushHints(publicUrl: string, keys: readonly [Key, ...Key[]]): PushHints {
  const base = publicUrl.replace(/\/+$/, '');
  return {
    addressOf: (task) => ({
      url: `${base}/v1/push/${encodeURIComponent(task.tenant)}/${task.taskId}`,
      token: codeOf(keys[0], task),
    }),
    isFor: (task, token) => keys.some((key) => isSame(codeOf(key, task), token)),
  };
}

function codeOf({ bytes }: Key, { tenant, taskId }: PushTask): string {
  return createHmac('sha256', bytes).update(`weft push\0${tenant}\0${taskId}`).digest('base64url');
}

function isSame(code: string, token: string): boolean {
  const [a, b] = [Buffer.from(code), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
