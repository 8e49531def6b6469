/**
 * Threads for work that a stranger's text can make long: one question after the other, each with a bound on time and
 * memory. A thread is started when the first question comes, kept while they come, and ended when it has been idle for a
 * while or a question takes too long. It never keeps the process alive by itself.
 */
import { Worker } from 'node:worker_threads';
import { AppError } from '@weft/contract';

/** How long a thread without work is kept: starting one costs about 80 ms, keeping one about 10 MiB. */
const IDLE_MS = 10_000;
/** Memory must not be taken without bound either; a normal question needs a few MiB. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };
/** Questions that may wait; more are refused, so that a flood cannot fill the memory. */
const MAX_WAITING = 100;

export type Answered<Answer> = { kind: 'answer'; answer: Answer } | { kind: 'tooLong' } | { kind: 'tooBig' };

export class BoundedThread<Question, Answer> {
  readonly #script: URL;
  readonly #what: string;
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** `script` is a module that says so once it is up, and then answers each message with one message; `what` names the questions in errors. */
  constructor(script: URL, what: string) {
    this.#script = script;
    this.#what = what;
  }

  /** Asks in turn. `timeoutMs` is counted from when the turn comes. Throws AppError `too_many_requests`. */
  ask(question: Question, timeoutMs: number): Promise<Answered<Answer>> {
    if (this.#waiting >= MAX_WAITING) {
      return Promise.reject(new AppError('too_many_requests', `too many ${this.#what} wait`));
    }
    this.#waiting += 1;
    const answered = this.#last.then(() => this.#askNow(question, timeoutMs)).finally(() => (this.#waiting -= 1));
    this.#last = answered.catch(() => {});
    return answered;
  }

  async #askNow(question: Question, timeoutMs: number): Promise<Answered<Answer>> {
    clearTimeout(this.#idle);
    this.#worker ??= await this.#start();
    const worker = this.#worker;
    worker.ref();
    const answered = await firstAnswer<Answer>(worker, question, timeoutMs);
    if (answered.kind === 'answer') this.#rest(worker);
    else await this.#drop(worker);
    return answered;
  }

  /** A thread that is up: its start does not count as time of the question. */
  async #start(): Promise<Worker> {
    // Flags of the main program, such as --input-type, are not for a thread.
    const started = new Worker(this.#script, { resourceLimits: RESOURCE_LIMITS, execArgv: [] });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    started.once('message', () => resolve());
    started.once('error', reject);
    await promise;
    started.off('error', reject);
    started.on('error', () => {});
    started.once('exit', () => {
      if (this.#worker === started) this.#worker = undefined;
    });
    return started;
  }

  #rest(worker: Worker): void {
    worker.unref();
    this.#idle = setTimeout(() => void this.#drop(worker), IDLE_MS).unref();
  }

  async #drop(worker: Worker): Promise<void> {
    if (this.#worker === worker) this.#worker = undefined;
    await worker.terminate();
  }
}

function firstAnswer<Answer>(worker: Worker, question: unknown, timeoutMs: number): Promise<Answered<Answer>> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered<Answer>>();
  const timer = setTimeout(() => resolve({ kind: 'tooLong' }), timeoutMs);
  const answered = (answer: Answer): void => resolve({ kind: 'answer', answer });
  const failed = (error: Error & { code?: string }): void =>
    error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? resolve({ kind: 'tooBig' }) : reject(error);
  worker.once('message', answered);
  worker.once('error', failed);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  worker.postMessage(question);
  return promise.finally(() => {
    clearTimeout(timer);
    worker.off('message', answered);
    worker.off('error', failed);
  });
}
