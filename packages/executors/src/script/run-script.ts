/** Runs a module in a Node process of its own: what it may use, and how it ended. */
import { fileURLToPath } from 'node:url';

import type { Json } from '@weft/contract';
import type { Outcome } from '@weft/engine/ports';

import { inheritedEnvironment } from '../config.ts';
import type { CheckedCall } from '../define.ts';
import type { Failure } from '../failure.ts';
import { aborted, failure } from '../failure.ts';
import { runCommand } from '../process/run-command.ts';
import type { CommandEnd } from '../process/run-command.ts';
import { markOf } from '../process/strays.ts';
import { outputTeller } from '../process/told-output.ts';
import type { FunctionEnd } from '../process/user-code.ts';
import { hearUserCode, outcomeOf } from '../process/user-code.ts';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

const MIB = 1024 * 1024;
const KIB = 1024;
/** What Node itself has in memory, beside the heap. */
const NODE_MIB = 128;
/** What may be mapped beyond it; past that an allocation fails at once, however large it is. */
const MAPPED_MIB = 512;
const KEPT_OUTPUT_BYTES = 16 * KIB;
const STDERR_TAIL = 2_000;

export type ScriptRequest = {
  /** The module. */
  url: string;
  /** Files and folders that it may read. */
  readable: string[];
  /** A folder of its own: it may write there, and runs there. */
  folder: string;
  input: Json;
  timeoutMs: number;
  memoryMb: number;
  maxBytes: number;
};

/**
 * The shell of the system sets limits that hold even when this process is gone: no core dumps, CPU seconds, KiB of data.
 * Nothing of what it is given is read as a command.
 */
const LIMITED = 'ulimit -c 0; ulimit -t "$1"; ulimit -d "$2"; shift 2; exec "$@"';

export async function runScript(
  request: ScriptRequest,
  call: Pick<CheckedCall<unknown>, 'signal' | 'runId' | 'taskId' | 'attempt' | 'idempotencyKey' | 'heartbeat'> &
    Pick<CheckedCall<unknown>, 'log' | 'emit' | 'token'>,
): Promise<Outcome> {
  const { timeoutMs, memoryMb, maxBytes, folder, input } = request;
  const { runId, taskId, attempt, idempotencyKey } = call;
  const timeout = AbortSignal.timeout(timeoutMs);
  let ended: FunctionEnd | undefined;
  const end = await runCommand({
    mark: markOf({ owner: taskId, attempt }),
    command: '/bin/sh',
    args: ['-c', LIMITED, 'sh', ...limits(request), process.execPath, ...nodeFlags(request), CHILD],
    cwd: folder,
    env: inheritedEnvironment(),
    stdin: `${JSON.stringify({ url: request.url, input, context: { runId, taskId, attempt, idempotencyKey } })}\n`,
    holdsStdin: true,
    maxBytes: KEPT_OUTPUT_BYTES,
    keepsTail: true,
    memoryBytes: (memoryMb + NODE_MIB) * MIB,
    signal: AbortSignal.any([call.signal, timeout]),
    onChunk: outputTeller(call),
    onEvents: (pipe) =>
      hearUserCode(pipe, { maxBytes, call: () => call, onEnd: (how) => (ended = laterEnd(ended, how)) }),
  });
  if (ended) return outcomeOf(ended, { code: 'script_failed', maxBytes });
  return withoutResult(end, { ...request, callSignal: call.signal });
}

/** A line that was too long may have been an event; a result after it is one. */
function laterEnd(earlier: FunctionEnd | undefined, later: FunctionEnd): FunctionEnd {
  return earlier === undefined || earlier.kind === 'tooLarge' ? later : earlier;
}

/** The processor's time is bounded for what has lost its worker; while that is there, it ends the script long before. */
function limits({ timeoutMs, memoryMb }: ScriptRequest): string[] {
  const cpuSeconds = 10 + 2 * Math.ceil(timeoutMs / 1_000);
  return [String(cpuSeconds), String((memoryMb + NODE_MIB + MAPPED_MIB) * KIB)];
}

function nodeFlags({ folder, readable, memoryMb }: ScriptRequest): string[] {
  return [
    '--permission',
    ...[CHILD, folder, ...readable].map((path) => `--allow-fs-read=${path}`),
    `--allow-fs-write=${folder}`,
    `--max-old-space-size=${memoryMb}`,
    '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
  ];
}

function withoutResult(
  end: CommandEnd,
  { callSignal, timeoutMs, memoryMb }: ScriptRequest & { callSignal: AbortSignal },
): Failure {
  switch (end.kind) {
    case 'aborted':
      return callSignal.aborted
        ? aborted(callSignal)
        : failure('timeout', `The script ran longer than ${timeoutMs} ms`, { retryable: true, details: { timeoutMs } });
    case 'tooMuchMemory':
      return outOfMemory(memoryMb);
    case 'exited':
      return isHeapFull(end) ? outOfMemory(memoryMb) : exited(end);
    case 'notStarted':
      return failure('command_not_started', `Node could not be started: ${end.cause}`, {
        details: { cause: end.cause },
      });
    case 'tooMuchOutput':
      return failure('output_too_large', 'The script wrote too much');
    default:
      return end satisfies never;
  }
}

type Exited = Extract<CommandEnd, { kind: 'exited' }>;

/** V8 says so, and aborts. */
function isHeapFull({ stderr }: Exited): boolean {
  return /heap out of memory|Fatal process out of memory|Committing semi space failed/.test(stderr);
}

function outOfMemory(memoryMb: number): Failure {
  return failure('out_of_memory', `The script was ended: it used more than ${memoryMb} MiB`, { details: { memoryMb } });
}

function exited({ exitCode, signalName, stderr }: Exited): Failure {
  const how = signalName === null ? `with code ${exitCode}` : `by ${signalName}`;
  return failure('script_exit', `The script's process ended ${how} before its function returned`, {
    retryable: true,
    details: { exitCode, signal: signalName, stderr: stderr.slice(-STDERR_TAIL).toWellFormed() },
  });
}
