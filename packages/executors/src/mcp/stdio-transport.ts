/** The way to an MCP server that is a command: one JSON message a line, in a process group of its own. */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';

import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';

import { inheritedEnvironment } from '../config.ts';
import { endGroup, signalGroup, trackGroup } from '../process/process-group.ts';

/** A message has more characters than this for no good reason. */
const MAX_LINE_CHARS = 12_000_000;
const TAIL_CHARS = 2000;
/** From the end of its input to SIGTERM, and from there to SIGKILL. */
const LEAVE_MS = 500;

export type StdioCommand = { command: readonly string[]; env: Record<string, string>; cwd: string | undefined };

/** Why it is over, as far as that is known. */
export type StdioEnd = {
  exitCode: number | null;
  signal: string | null;
  /** Of the system, where it could not be started. */
  cause: string | null;
  tooLarge: boolean;
  /** The last of what it wrote to its standard error, and the beginning of what was no message. */
  stderr: string;
  garbage: string;
};

export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly end: StdioEnd = { exitCode: null, signal: null, cause: null, tooLarge: false, stderr: '', garbage: '' };
  readonly #command: StdioCommand;
  #child: ChildProcessWithoutNullStreams | null = null;
  #line: string[] = [];
  #chars = 0;

  constructor(command: StdioCommand) {
    this.#command = command;
  }

  start(): Promise<void> {
    const { command, env, cwd } = this.#command;
    const [program = '', ...args] = command;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const child = spawn(program, args, {
      env: { ...inheritedEnvironment(), ...env },
      detached: true,
      stdio: 'pipe',
      ...(cwd === undefined ? {} : { cwd }),
    });
    this.#child = child;
    child.once('spawn', () => resolve());
    child.once('error', (error) => {
      this.end.cause = 'code' in error ? String(error.code) : 'unknown';
      reject(error);
    });
    if (child.pid !== undefined) this.#listen(child, child.pid);
    return promise;
  }

  #listen(child: ChildProcessWithoutNullStreams, pid: number): void {
    trackGroup({ pid, outgrew: () => this.#kill() });
    child.stdin.on('error', () => undefined);
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.end.stderr = (this.end.stderr + text).slice(-TAIL_CHARS);
    });
    child.once('exit', (exitCode, signal) => {
      Object.assign(this.end, { exitCode, signal });
      // Whoever holds its output open has nothing more to say.
      setTimeout(() => child.stdout.destroy(), LEAVE_MS).unref();
    });
    child.once('close', () => {
      endGroup(pid);
      this.#child = null;
      this.onclose?.();
    });
  }

  #take(text: string): void {
    const [first = '', ...rest] = text.split('\n');
    this.#line.push(first);
    this.#chars += first.length;
    if (rest.length > 0) {
      this.#read(this.#line.join(''));
      for (const line of rest.slice(0, -1)) this.#read(line);
      this.#line = rest.slice(-1);
      this.#chars = this.#line[0]?.length ?? 0;
    }
    if (this.#chars <= MAX_LINE_CHARS) return;
    this.end.tooLarge = true;
    this.#line = [];
    this.#chars = 0;
    this.#kill();
  }

  #read(line: string): void {
    if (line.trim() === '') return;
    const message = messageIn(line);
    if (message === null) this.end.garbage ||= line.slice(0, 200).toWellFormed();
    else this.onmessage?.(message);
  }

  send(message: JSONRPCMessage): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stdin = this.#child?.stdin;
    if (!stdin?.writable) return Promise.reject(new Error('the server has ended'));
    stdin.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
    return promise;
  }

  /** Its input ends, which tells it to leave; what does not is killed, with all that it has started. */
  async close(): Promise<void> {
    const child = this.#child;
    const pid = child?.pid;
    if (!child || pid === undefined) return;
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    child.once('close', () => resolve());
    child.stdin.end();
    const timers = [
      setTimeout(() => signalGroup(pid, 'SIGTERM'), LEAVE_MS),
      setTimeout(() => signalGroup(pid, 'SIGKILL'), 2 * LEAVE_MS),
      setTimeout(() => resolve(), 3 * LEAVE_MS),
    ];
    await closed;
    timers.forEach((timer) => clearTimeout(timer));
    endGroup(pid);
  }

  #kill(): void {
    if (this.#child?.pid !== undefined) signalGroup(this.#child.pid, 'SIGKILL');
  }
}

/** What is no message at all is left out: many a server prints a greeting. */
function messageIn(line: string): JSONRPCMessage | null {
  try {
    const value: unknown = JSON.parse(line);
    const isMessage = typeof value === 'object' && value !== null && 'jsonrpc' in value;
    return isMessage ? (value as JSONRPCMessage) : null;
  } catch {
    return null;
  }
}
