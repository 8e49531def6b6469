/** Runs a function of a Python module in a warm process, and says how it ended. */
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Json } from '@weft/contract';
import type { ExecutorCall, Outcome } from '@weft/engine/ports';

import { inheritedEnvironment, pythonCommand } from '../config.ts';
import { aborted, failure } from '../failure.ts';
import { markOf } from '../process/strays.ts';
import { outcomeOf } from '../process/user-code.ts';
import { giveBack, takeWarm } from './pool.ts';
import { SideProcess } from './side-process.ts';
import type { SideEnd } from './side-process.ts';

const RUNNER = fileURLToPath(new URL('../../python/weft_runner.py', import.meta.url));

const MIB = 1024 * 1024;
/** What may be mapped beyond the memory; past that an allocation fails at once, however large it is. */
const MAPPED_MIB = 1_024;

/** Isolated (neither variables nor the user's packages nor the current folder), text is UTF-8, no files are left beside sources. */
const FLAGS = ['-I', '-B', '-u', '-X', 'utf8'];

export type PythonCode = {
  kind: 'module' | 'file' | 'source';
  /** The name, the path or the text. */
  where: string;
  /** Changes with the code. */
  version: string;
};

export type PythonRequest = {
  code: PythonCode;
  function: string | undefined;
  args: Json;
  memoryMb: number;
  maxBytes: number;
};

/** Code of one tenant never runs in a process that has run code of another, nor in one that has run other code. */
export async function runPython(request: PythonRequest, call: ExecutorCall): Promise<Outcome> {
  const { code, memoryMb, maxBytes } = request;
  const command = pythonCommand();
  const { kind, where, version } = code;
  const key = JSON.stringify([call.tenant, command, kind, kind === 'source' ? '' : where, version, memoryMb, maxBytes]);
  const warm = takeWarm(key, () => ({ side: start(command, request), memoryBytes: memoryMb * MIB }));
  const { runId, taskId, attempt, idempotencyKey } = call;
  const { function: name, args } = request;
  const message = { call: { function: name ?? null, args, runId, taskId, attempt, idempotencyKey } };
  const end = await warm.side.run(message, call);
  const isClean = end.kind === 'ended' && 'leftovers' in end.end && end.end.leftovers === 0 && !call.signal.aborted;
  if (isClean) giveBack(warm);
  else warm.side.end();
  return settle(end, request, call.signal);
}

function start(command: string, { code, memoryMb, maxBytes }: PythonRequest): SideProcess {
  const where = code.kind === 'source' ? '-' : code.where;
  const side = new SideProcess({
    command,
    args: [...FLAGS, RUNNER, code.kind, where, String(memoryMb + MAPPED_MIB)],
    env: inheritedEnvironment(),
    cwd: code.kind === 'file' ? dirname(code.where) : tmpdir(),
    mark: markOf({ owner: `python-${randomUUID()}`, attempt: 1 }),
    maxBytes,
    memoryBytes: memoryMb * MIB,
  });
  if (code.kind === 'source') side.tell({ source: code.where });
  return side;
}

function settle(end: SideEnd, { memoryMb, maxBytes }: PythonRequest, signal: AbortSignal): Outcome {
  if (end.kind === 'ended') return outcomeOf(end.end, { code: 'python_failed', maxBytes });
  if (signal.aborted) return aborted(signal);
  switch (end.kind) {
    case 'aborted':
      return aborted(signal);
    case 'tooMuchMemory': {
      const message = `The Python process was ended: it used more than ${memoryMb} MiB`;
      return failure('out_of_memory', message, { details: { memoryMb } });
    }
    case 'notStarted':
      return notStarted(end.cause);
    case 'exited': {
      const { exitCode, signalName: by, stderr } = end;
      const how = by === null ? `with code ${exitCode}` : `by ${by}`;
      const message = `The Python process ended ${how} before its function returned`;
      return failure('python_exit', message, { retryable: true, details: { exitCode, signal: by, stderr } });
    }
    default:
      return end satisfies never;
  }
}

function notStarted(cause: string): Outcome {
  const message = `"${pythonCommand()}" could not be started (${cause}): install Python 3, or let WEFT_PYTHON of the worker name it`;
  return failure('python_not_found', message, { details: { cause } });
}
