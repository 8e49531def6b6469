import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

import type { Collected } from './collect-output.ts';
import { collectOutput } from './collect-output.ts';
import { endGroup, signalGroup, trackGroup } from './process-group.ts';
import type { Mark } from './strays.ts';
import { endPredecessors, endStrays, markVariable } from './strays.ts';
import { watchMemory } from './watch-memory.ts';

/** From SIGTERM to SIGKILL. */
const TERMINATE_MS = 500;
/** From the order to stop to the answer, whatever the processes do; below the second in which an executor obeys. */
const GIVE_UP_MS = 900;
/** How long a descendant may hold the output open after the command itself has exited. */
const DRAIN_MS = 500;

/** One command to run. */
export type CommandRequest = {
  /** Whose attempt it belongs to; told to the command, and to what it starts, in the variable WEFT_TASK. */
  mark: Mark;
  command: string;
  args: string[];
  cwd: string | undefined;
  env: Record<string, string>;
  stdin: string | undefined;
  /** Standard input stays open to the command's end: one that sees it close has lost its worker. */
  holdsStdin?: true;
  /** For standard output and standard error each. */
  maxBytes: number;
  /** Past `maxBytes` the beginning is dropped, not the command killed. */
  keepsTail?: true;
  /** What it may have in memory; unset: no bound. */
  memoryBytes?: number;
  signal: AbortSignal;
  onChunk: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
  /** Reads what the command writes to its file descriptor 3; null: there is none. */
  onEvents: ((pipe: Readable) => void) | null;
};

/** How a command ended. `notStarted` carries the system's error code (`ENOENT`, `EACCES`, `E2BIG`, ...). */
export type CommandEnd =
  | { kind: 'exited'; exitCode: number | null; signalName: string | null; stdout: string; stderr: string }
  | { kind: 'aborted' }
  | { kind: 'tooMuchOutput' }
  | { kind: 'tooMuchMemory'; bytes: number }
  | { kind: 'notStarted'; cause: string };

/**
 * Runs a command in a process group of its own, without a shell, to its end; never rejects.
 *
 * When it is to stop (aborted, too much output), the whole group gets SIGTERM (too much output: SIGKILL at once), SIGKILL
 * after 500 ms, and the answer comes within 900 ms. What a command leaves running in its group is killed when its output
 * is closed, or 500 ms after its exit: nothing outlives its task, and no forgotten descendant holds the task open. What has
 * left the group is looked for soon afterwards, and what earlier attempts have left on this machine before the start.
 */
export async function runCommand(request: CommandRequest): Promise<CommandEnd> {
  await endPredecessors(request.mark);
  if (request.signal.aborted) return { kind: 'aborted' };
  const end = await runMarked(request);
  void endStrays(request.mark);
  return end;
}

function runMarked(request: CommandRequest): Promise<CommandEnd> {
  const { promise, resolve } = Promise.withResolvers<CommandEnd>();
  try {
    const child = start(request);
    child.once('error', (error) => resolve(notStarted(error)));
    if (child.pid !== undefined) watch(new RunningCommand(child, child.pid, resolve), request);
  } catch (error) {
    // Some causes (a too long argument list) are thrown, others come as an event.
    resolve(notStarted(error));
  }
  return promise;
}

function start(request: CommandRequest): ChildProcessWithoutNullStreams {
  const { command, args, cwd, onEvents } = request;
  const env = { ...request.env, ...markVariable(request.mark) };
  const stdio = Array.from({ length: onEvents ? 4 : 3 }, () => 'pipe' as const);
  const options = { env, detached: true, stdio, ...(cwd === undefined ? {} : { cwd }) };
  return spawn(command, args, options);
}

function notStarted(error: unknown): CommandEnd {
  const cause = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return { kind: 'notStarted', cause };
}

function watch(running: RunningCommand, request: CommandRequest): void {
  running.collect(request);
  running.feed(request);
  if (request.memoryBytes !== undefined) running.bound(request.memoryBytes);
  running.listen(request.onEvents);
  running.obey(request.signal);
}

class RunningCommand {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #groupId: number;
  readonly #resolve: (end: CommandEnd) => void;
  readonly #ended = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  #stopped: 'aborted' | 'tooMuchOutput' | 'tooMuchMemory' | undefined;
  #bytes = 0;
  #output: { stdout: Collected; stderr: Collected } | undefined;

  constructor(child: ChildProcessWithoutNullStreams, groupId: number, resolve: (end: CommandEnd) => void) {
    this.#child = child;
    this.#groupId = groupId;
    this.#resolve = resolve;
    trackGroup({ pid: groupId, outgrew: (bytes) => this.#outgrew(bytes) });
    child.once('exit', () => this.#drain());
    child.once('close', () => this.#finish());
  }

  collect({ maxBytes, keepsTail, onChunk }: CommandRequest): void {
    const collect = (name: 'stdout' | 'stderr'): Collected =>
      collectOutput(this.#child[name], {
        maxBytes,
        onChunk: (chunk) => onChunk(name, chunk),
        onOverflow: keepsTail ? null : () => this.#stop('tooMuchOutput'),
      });
    this.#output = { stdout: collect('stdout'), stderr: collect('stderr') };
  }

  feed({ stdin, holdsStdin }: CommandRequest): void {
    // A command need not read its input (EPIPE); whether that was right, its exit code says.
    this.#child.stdin.on('error', () => undefined);
    if (holdsStdin) this.#child.stdin.write(stdin ?? '');
    else this.#child.stdin.end(stdin);
  }

  bound(memoryBytes: number): void {
    watchMemory(this.#groupId, memoryBytes, { signal: this.#ended.signal, onOver: (bytes) => this.#outgrew(bytes) });
  }

  listen(onEvents: CommandRequest['onEvents']): void {
    const pipe: unknown = this.#child.stdio[3];
    if (onEvents && pipe) onEvents(pipe as Readable);
  }

  obey(signal: AbortSignal): void {
    const stop = () => this.#stop('aborted');
    signal.addEventListener('abort', stop, { once: true, signal: this.#ended.signal });
    if (signal.aborted) stop();
  }

  #outgrew(bytes: number): void {
    this.#bytes = bytes;
    this.#stop('tooMuchMemory');
  }

  #stop(why: 'aborted' | 'tooMuchOutput' | 'tooMuchMemory'): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = why;
    signalGroup(this.#groupId, why === 'aborted' ? 'SIGTERM' : 'SIGKILL');
    this.#after(TERMINATE_MS, () => signalGroup(this.#groupId, 'SIGKILL'));
    this.#after(GIVE_UP_MS, () => this.#finish());
  }

  /** Twice the time: once for descendants to close the output, once for what they wrote to be read after their end. */
  #drain(): void {
    this.#after(DRAIN_MS, () => signalGroup(this.#groupId, 'SIGKILL'));
    this.#after(2 * DRAIN_MS, () => this.#finish());
  }

  #after(ms: number, action: () => void): void {
    this.#timers.push(setTimeout(action, ms));
  }

  #finish(): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#timers.forEach((timer) => clearTimeout(timer));
    endGroup(this.#groupId);
    for (const stream of this.#child.stdio) stream?.destroy();
    this.#child.unref();
    this.#resolve(this.#end());
  }

  #end(): CommandEnd {
    if (this.#stopped === 'tooMuchMemory') return { kind: this.#stopped, bytes: this.#bytes };
    if (this.#stopped !== undefined) return { kind: this.#stopped };
    const { exitCode, signalCode } = this.#child;
    const stdout = this.#output?.stdout.text() ?? '';
    const stderr = this.#output?.stderr.text() ?? '';
    return { kind: 'exited', exitCode, signalName: signalCode, stdout, stderr };
  }
}
