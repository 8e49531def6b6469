/** One container from its creation to its removal. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

import type { ArtifactRef, Json } from '@weft/contract';
import type { ExecutorCall } from '@weft/engine/ports';

import type { Failure } from '../failure.ts';
import { aborted, failure, messageOf } from '../failure.ts';
import { parseOutput } from '../process/parse-output.ts';
import type { OutputStream } from '../process/told-output.ts';
import { outputTeller } from '../process/told-output.ts';
import type { ContainerInput } from './container-input.ts';
import { creation, filterOf } from './creation.ts';
import { demultiplex } from './demultiplex.ts';
import type { Engine } from './engine.ts';
import { EngineError } from './engine.ts';
import { putFiles, takeFiles } from './files.ts';
import { ensureImage } from './image.ts';

/** From SIGTERM to SIGKILL, and from the order to stop to the answer, whatever the engine does. */
const TERMINATE_MS = 500;
const GIVE_UP_MS = 900;
/** How long the engine may take to give the last of the output after the end. */
const DRAIN_MS = 3_000;
const STDERR_TAIL = 2_000;
/** By SIGKILL, and not from here. */
const KILLED = 137;

type Call = Omit<ExecutorCall, 'input'> & { input: ContainerInput };

export type ContainerOutput = {
  exitCode: number;
  stdout: string;
  stderr: string;
  value: Json;
  files: Record<string, ArtifactRef | null>;
};

type Ended = { exitCode: number; isOutOfMemory: boolean; stdout: string; stderr: string };

/** Never rejects because of an abort: the answer comes within 900 ms, the container's removal goes on. */
export async function runContainer(
  engine: Engine,
  call: Call,
): Promise<Failure | { kind: 'succeeded'; output: ContainerOutput }> {
  const run = new ContainerRun(engine, call);
  const { signal } = call;
  const over = new AbortController();
  const outcome = run.toEnd().catch((error: unknown) => (signal.aborted ? aborted(signal) : refused(error)));
  const givenUp = abortOf(signal, over.signal).then(() => wait(GIVE_UP_MS, aborted(signal), { ref: false }));
  const first = await Promise.race([outcome, givenUp]);
  over.abort();
  return first;
}

/** Resolves when `signal` is aborted, never if `over` is before. */
function abortOf(signal: AbortSignal, over: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true, signal: over });
  return promise;
}

function refused(error: unknown): Failure {
  if (!(error instanceof EngineError)) throw error;
  const retryable = error.status === 0 || error.status >= 500;
  return failure('container_engine_failed', error.message, { retryable, details: { status: error.status } });
}

class ContainerRun {
  readonly #engine: Engine;
  readonly #call: Call;
  /** Known before the engine has answered, so that it can be removed in any case. */
  readonly #name: string;
  readonly #kept: Record<OutputStream, Buffer[]> = { stdout: [], stderr: [] };
  readonly #bytes: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  #wroteTooMuch = false;

  constructor(engine: Engine, call: Call) {
    this.#engine = engine;
    this.#call = call;
    this.#name = `weft-${call.taskId}-${call.attempt}-${randomUUID().slice(0, 8)}`;
  }

  async toEnd(): Promise<Failure | { kind: 'succeeded'; output: ContainerOutput }> {
    const { input, signal, heartbeat } = this.#call;
    await this.#removePredecessors();
    const missing = await ensureImage(input, { engine: this.#engine, signal, heartbeat: () => heartbeat() });
    if (missing) return missing;
    try {
      const notStarted = await this.#start();
      return notStarted ?? (await this.#settle(await this.#follow()));
    } finally {
      await this.#remove(this.#name);
    }
  }

  /** What a worker that was killed has left behind. One of a later attempt stays: then it is this one that is late. */
  async #removePredecessors(): Promise<void> {
    const { taskId, attempt, log } = this.#call;
    const found = (await this.#engine.json('GET', '/containers/json', {
      query: { all: 'true', filters: filterOf(taskId) },
    })) as { Id: string; Labels: Record<string, string> }[];
    const earlier = found.filter(({ Labels }) => Number(Labels['weft.attempt']) <= attempt);
    for (const { Id, Labels } of earlier) {
      log('info', 'a container of an earlier attempt is removed', { attempt: Number(Labels['weft.attempt']) });
      await this.#remove(Id); // oxlint-disable-line no-await-in-loop
    }
  }

  /** Null: it runs. */
  async #start(): Promise<Failure | null> {
    const { input, signal, artifacts, runId, taskId, attempt, tenant } = this.#call;
    const labels = { run: runId, task: taskId, attempt, tenant };
    const query = { name: this.#name };
    await this.#engine.json('POST', '/containers/create', { query, body: creation(input, labels), signal });
    await putFiles(this.#engine, this.#name, input, artifacts);
    signal.throwIfAborted();
    try {
      await this.#engine.json('POST', `/containers/${this.#name}/start`);
      return null;
    } catch (error) {
      // The command is not there, or is none: the engine has various numbers for that.
      if (!(error instanceof EngineError) || error.status === 0) throw error;
      return failure('container_not_started', error.message, { details: { status: error.status } });
    }
  }

  async #follow(): Promise<Ended> {
    const { signal } = this.#call;
    const over = new AbortController();
    signal.addEventListener('abort', () => void this.#terminate(over.signal), { once: true, signal: over.signal });
    if (signal.aborted) void this.#terminate(over.signal);
    const output = await this.#engine.stream('GET', `/containers/${this.#name}/logs`, {
      query: { follow: 'true', stdout: 'true', stderr: 'true' },
    });
    const heard = this.#hear(output);
    try {
      await this.#engine.json('POST', `/containers/${this.#name}/wait`);
      await Promise.race([heard, wait(DRAIN_MS, undefined, { ref: false })]);
      return await this.#ended();
    } finally {
      over.abort();
      output.destroy();
    }
  }

  async #hear(output: IncomingMessage): Promise<void> {
    const { input, heartbeat } = this.#call;
    const tell = outputTeller(this.#call);
    const take = (stream: OutputStream, chunk: Buffer): void => {
      this.#bytes[stream] += chunk.length;
      if (this.#bytes[stream] > input.maxBytes) return this.#endTooMuch();
      this.#kept[stream].push(chunk);
      tell(stream, chunk);
      return heartbeat();
    };
    // A connection that breaks ends like one that is closed; whether the container runs, the engine says.
    await demultiplex(output, take).catch(() => undefined);
  }

  #endTooMuch(): void {
    if (this.#wroteTooMuch) return;
    this.#wroteTooMuch = true;
    void this.#kill('SIGKILL');
  }

  async #terminate(over: AbortSignal): Promise<void> {
    await this.#kill('SIGTERM');
    await wait(TERMINATE_MS, undefined, { ref: false, signal: over }).catch(() => undefined);
    if (!over.aborted) await this.#kill('SIGKILL');
  }

  /** One that has ended already cannot be killed. */
  async #kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#engine.json('POST', `/containers/${this.#name}/kill`, { query: { signal } }).catch(() => undefined);
  }

  async #ended(): Promise<Ended> {
    const { State: state } = (await this.#engine.json('GET', `/containers/${this.#name}/json`)) as {
      State: { ExitCode: number; OOMKilled: boolean };
    };
    const text = (stream: OutputStream) => Buffer.concat(this.#kept[stream]).toString('utf8');
    const { ExitCode: exitCode, OOMKilled: isOutOfMemory } = state;
    return { exitCode, isOutOfMemory, stdout: text('stdout'), stderr: text('stderr') };
  }

  async #settle(ended: Ended): Promise<Failure | { kind: 'succeeded'; output: ContainerOutput }> {
    const { input, signal, artifacts } = this.#call;
    const { exitCode, stdout, stderr } = ended;
    if (signal.aborted) return aborted(signal);
    const problem = this.#wroteTooMuch ? tooMuchOutput(input) : problemOf(ended, input);
    if (problem) return problem;
    const files = await takeFiles(this.#engine, this.#name, input.filesOut, artifacts);
    if (isFailure(files)) return files;
    try {
      return {
        kind: 'succeeded',
        output: { exitCode, stdout, stderr, value: parseOutput(stdout, input.parse), files },
      };
    } catch (error) {
      return failure('invalid_json', `The container did not write JSON: ${messageOf(error)}`);
    }
  }

  async #remove(container: string): Promise<void> {
    try {
      await this.#engine.json('DELETE', `/containers/${container}`, { query: { force: 'true', v: 'true' } });
    } catch (error) {
      if (error instanceof EngineError && error.status === 404) return;
      // The next attempt, or somebody who looks for the label, finds it.
      this.#call.log('warn', `a container could not be removed: ${messageOf(error)}`, { container });
    }
  }
}

function isFailure(found: Failure | Record<string, ArtifactRef | null>): found is Failure {
  return found['kind'] === 'failed';
}

function tooMuchOutput({ maxBytes }: ContainerInput): Failure {
  return failure('output_too_large', `The container wrote more than ${maxBytes} bytes`, { details: { maxBytes } });
}

function problemOf({ exitCode, isOutOfMemory, stderr }: Ended, { memoryMb }: ContainerInput): Failure | null {
  if (isOutOfMemory) {
    return failure('out_of_memory', `The container used more than ${memoryMb} MiB`, { details: { memoryMb } });
  }
  if (exitCode === 0) return null;
  if (exitCode === KILLED) {
    // Not every engine sees what the kernel does. But it may have been somebody else, so it is worth another try.
    const message = `The container was killed, as one is that uses more than its ${memoryMb} MiB`;
    return failure('out_of_memory', message, { retryable: true, details: { memoryMb, exitCode } });
  }
  return failure('container_exit', `The container ended with code ${exitCode}`, {
    retryable: true,
    details: { exitCode, stderr: stderr.slice(-STDERR_TAIL).toWellFormed() },
  });
}
