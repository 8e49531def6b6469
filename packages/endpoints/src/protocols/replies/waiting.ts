import { once } from 'node:events';

const FIRST_AFTER_MS = 1_000;
const MAX_AFTER_MS = 30_000;

/** When it is worth looking for an answer again that was looked for so often: soon at first, and twice a minute in the end. */
export function lookAgainMs(looks: number): number {
  return Math.min(FIRST_AFTER_MS * 2 ** Math.min(looks, 10), MAX_AFTER_MS);
}

/** Fails with this message as soon as the signal is aborted. */
export async function abortion(signal: AbortSignal, message: string): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw new Error(message);
}
