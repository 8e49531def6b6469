/** A program beside the worker that runs one function after another. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

import type { Json } from '@weft/contract';

import type { Teller } from '../process/event-lines.ts';
import { endGroup, signalGroup, trackGroup } from '../process/process-group.ts';
import type { Mark } from '../process/strays.ts';
import { endStrays, markVariable } from '../process/strays.ts';
import { outputTeller } from '../process/told-output.ts';
import type { OutputStream } from '../process/told-output.ts';
import type { FunctionEnd } from '../process/user-code.ts';
import { hearUserCode } from '../process/user-code.ts';
import { residentBytes, watchMemory } from '../process/watch-memory.ts';

/** From SIGTERM to SIGKILL, and from SIGTERM to the answer, whatever the process does. */
const TERMINATE_MS = 500;
const GIVE_UP_MS = 900;
const STDERR_TAIL = 2_000;

export type SideProcessRequest = {
  command: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
  mark: Mark;
  /** For one line of what it says. */
  maxBytes: number;
  memoryBytes: number;
};

/** How a call ended; but for `ended` the process has ended with it. */
export type SideEnd =
  | { kind: 'ended'; end: FunctionEnd }
  | { kind: 'aborted' }
  | { kind: 'tooMuchMemory' }
  | { kind: 'notStarted'; cause: string }
  | { kind: 'exited'; exitCode: number | null; signalName: string | null; stderr: string };

type Current = {
  teller: Teller;
  tellOutput: (stream: OutputStream, chunk: Buffer) => void;
  end: (end: SideEnd) => void;
};

export class SideProcess {
  readonly #child: ChildProcess;
  readonly #request: SideProcessRequest;
  #current: Current | null = null;
  #alive: boolean;
  #stderr = '';

  constructor(request: SideProcessRequest) {
    const { command, args, env, cwd, mark } = request;
    this.#request = request;
    const stdio = Array.from({ length: 4 }, () => 'pipe' as const);
    this.#child = spawn(command, args, { env: { ...env, ...markVariable(mark) }, detached: true, cwd, stdio });
    // A process that has ended reads nothing; why it has, its end says.
    this.#input.on('error', () => undefined);
    this.#alive = this.#child.pid !== undefined;
    this.#child.once('error', (error) => this.#failed(error));
    if (this.#child.pid !== undefined) this.#listen(this.#child.pid);
  }

  /** Whether it can take a call. */
  get usable(): boolean {
    return this.#alive && this.#current === null;
  }

  get residentBytes(): number {
    return residentBytes(this.#child.pid ?? 0);
  }

  /** Says something that belongs to no call. */
  tell(message: Json): void {
    this.#input.write(`${JSON.stringify(message)}\n`);
  }

  /** Runs one call; on abort the process is given half a second, then killed. */
  async run(message: Json, call: Teller & { signal: AbortSignal }): Promise<SideEnd> {
    const over = new AbortController();
    const { promise, resolve } = Promise.withResolvers<SideEnd>();
    this.#current = { teller: call, tellOutput: outputTeller(call), end: resolve };
    this.#hold(true);
    this.tell(message);
    call.signal.addEventListener('abort', () => this.#abort(), { once: true, signal: over.signal });
    if (call.signal.aborted) this.#abort();
    watchMemory(this.#child.pid ?? 0, this.#request.memoryBytes, {
      signal: over.signal,
      onOver: () => this.#die({ kind: 'tooMuchMemory' }),
    });
    const end = await promise;
    over.abort();
    this.#current = null;
    this.#hold(false);
    return end;
  }

  /** Kills it, what it started included. */
  end(): void {
    this.#alive = false;
    if (this.#child.pid !== undefined) endGroup(this.#child.pid);
    for (const stream of this.#child.stdio) stream?.destroy();
    void endStrays(this.#request.mark);
  }

  get #input(): Writable {
    return this.#child.stdin as Writable;
  }

  #listen(pid: number): void {
    trackGroup({ pid, outgrew: () => this.#die({ kind: 'tooMuchMemory' }) });
    const { stdout, stderr, stdio } = this.#child;
    stdout?.on('data', (chunk: Buffer) => this.#current?.tellOutput('stdout', chunk));
    stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-STDERR_TAIL);
      this.#current?.tellOutput('stderr', chunk);
    });
    hearUserCode(stdio[3] as Readable, {
      maxBytes: this.#request.maxBytes,
      call: () => this.#current?.teller ?? null,
      onEnd: (end) => this.#current?.end({ kind: 'ended', end }),
    });
    void once(this.#child, 'close').then(
      () => this.#closed(),
      () => undefined,
    );
    this.#hold(false);
  }

  #closed(): void {
    const { exitCode, signalCode } = this.#child;
    this.#die({ kind: 'exited', exitCode, signalName: signalCode, stderr: this.#stderr.toWellFormed() });
  }

  #failed(error: Error): void {
    this.#die({ kind: 'notStarted', cause: 'code' in error ? String(error.code) : 'unknown' });
  }

  #abort(): void {
    this.#alive = false;
    if (this.#child.pid !== undefined) signalGroup(this.#child.pid, 'SIGTERM');
    const kill = setTimeout(
      () => this.#child.pid !== undefined && signalGroup(this.#child.pid, 'SIGKILL'),
      TERMINATE_MS,
    );
    const giveUp = setTimeout(() => this.#die({ kind: 'aborted' }), GIVE_UP_MS);
    this.#child.once('close', () => [kill, giveUp].forEach((timer) => clearTimeout(timer)));
  }

  #die(end: SideEnd): void {
    const current = this.#current;
    this.end();
    current?.end(end);
  }

  /** An idle one keeps nobody from ending. */
  #hold(on: boolean): void {
    const handles: unknown[] = [this.#child, ...this.#child.stdio];
    for (const handle of handles as { ref?: () => void; unref?: () => void }[])
      (on ? handle.ref : handle.unref)?.call(handle);
  }
}
