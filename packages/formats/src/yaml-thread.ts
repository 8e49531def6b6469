/**
 * One thread that reads YAML texts, one after the other. It is started when the first text comes, kept while texts come,
 * and ended when it has been idle for a while or a text takes too long. It never keeps the process alive by itself.
 */
import { Worker } from 'node:worker_threads';
import { AppError } from '@weft/contract';
import type { YamlAnswer, YamlRequest } from './yaml-read.ts';

/** How long a thread without work is kept: starting one costs about 80 ms, keeping one about 10 MiB. */
const IDLE_MS = 10_000;
/** A text may not take memory without bound either; a normal one needs a few MiB. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };
/** Texts that may wait; more is refused, so that a flood cannot fill the memory. */
const MAX_WAITING = 100;

const TOO_LONG: YamlAnswer = refusal('the text takes too long to parse; JSON has no such limit');
const TOO_BIG: YamlAnswer = refusal('the text takes too much memory to parse');

let worker: Worker | undefined;
let idle: NodeJS.Timeout | undefined;
let waiting = 0;
let last: Promise<unknown> = Promise.resolve();

/** Reads a text in the thread. `timeoutMs` is counted from when its turn comes. */
export function readInThread(request: YamlRequest, timeoutMs: number): Promise<YamlAnswer> {
  if (waiting >= MAX_WAITING)
    return Promise.reject(new AppError('too_many_requests', 'too many YAML texts wait to be parsed'));
  waiting += 1;
  const answer = last.then(() => ask(request, timeoutMs)).finally(() => (waiting -= 1));
  last = answer.catch(() => {});
  return answer;
}

async function ask(request: YamlRequest, timeoutMs: number): Promise<YamlAnswer> {
  clearTimeout(idle);
  worker ??= await startWorker();
  const current = worker;
  current.ref();
  const answer = await firstAnswer(current, request, timeoutMs);
  if (answer === TOO_LONG || answer === TOO_BIG) await drop(current);
  else rest(current);
  return answer;
}

function firstAnswer(thread: Worker, request: YamlRequest, timeoutMs: number): Promise<YamlAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<YamlAnswer>();
  const timer = setTimeout(() => resolve(TOO_LONG), timeoutMs);
  const failed = (error: Error & { code?: string }): void =>
    error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? resolve(TOO_BIG) : reject(error);
  thread.once('message', resolve);
  thread.once('error', failed);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  thread.postMessage(request);
  return promise.finally(() => {
    clearTimeout(timer);
    thread.off('message', resolve);
    thread.off('error', failed);
  });
}

/** A thread that is up: its start does not count as parsing time. */
async function startWorker(): Promise<Worker> {
  const started = new Worker(new URL('./yaml-worker.ts', import.meta.url), {
    resourceLimits: RESOURCE_LIMITS,
    // Flags of the main program, such as --input-type, are not for a thread.
    execArgv: [],
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  started.once('online', resolve);
  started.once('error', reject);
  await promise;
  started.off('error', reject);
  started.on('error', () => {});
  started.once('exit', () => {
    if (worker === started) worker = undefined;
  });
  return started;
}

function rest(thread: Worker): void {
  thread.unref();
  idle = setTimeout(() => void drop(thread), IDLE_MS).unref();
}

async function drop(thread: Worker): Promise<void> {
  if (worker === thread) worker = undefined;
  await thread.terminate();
}

function refusal(message: string): YamlAnswer {
  return { ok: false, errors: [{ code: 'unparsable', pointer: '', message }] };
}
