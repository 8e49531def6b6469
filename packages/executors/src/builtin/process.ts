import { stat } from 'node:fs/promises';

import type { Json } from '@weft/contract';
import { JsonValue } from '@weft/contract';
import { z } from 'zod';

import { inheritedEnvironment } from '../config.ts';
import { defineExecutor } from '../define.ts';
import type { Failure } from '../failure.ts';
import { aborted, failure, messageOf } from '../failure.ts';
import { EVENTS_FD, EVENTS_VARIABLE, tellLines } from '../process/event-lines.ts';
import { parseOutput } from '../process/parse-output.ts';
import type { CommandEnd } from '../process/run-command.ts';
import { runCommand } from '../process/run-command.ts';
import { markOf } from '../process/strays.ts';
import { harmlessName, plainText, scalar, strings } from '../process/variables.ts';
import { invalidInput } from '../validation-failure.ts';

const MIB = 1_048_576;
const STDERR_TAIL = 2_000;

/** What the system may have again in a moment. */
const SCARCE = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']);

/** What comes from outside must not turn into an option of the command. */
const operand = scalar.refine((value) => !String(value).startsWith('-'), 'begins with "-", as options do');

const input = z.strictObject({
  command: plainText.min(1),
  args: z.array(scalar).default([]),
  operands: z.array(operand).default([]),
  cwd: plainText.min(1).optional(),
  env: z.record(harmlessName, scalar).default({}),
  stdin: JsonValue.optional(),
  events: z.boolean().default(false),
  parse: z.enum(['text', 'json', 'lines']).default('text'),
  maxBytes: z
    .int()
    .min(1)
    .max(10 * MIB)
    .default(MIB),
});

const EVENTS_ENVIRONMENT = { [EVENTS_VARIABLE]: String(EVENTS_FD) };

type ProcessInput = z.output<typeof input>;

export default defineExecutor({
  type: 'process',
  description: 'Runs a command without a shell and returns what it wrote.',
  input,
  output: z.strictObject({ exitCode: z.int(), stdout: z.string(), stderr: z.string(), value: JsonValue }),
  example: { command: 'node', args: ['--print', '1 + 1'], parse: 'json' },
  async run({ input: request, signal, taskId, attempt, heartbeat, emit, token, log }) {
    const end = await runCommand({
      mark: markOf({ owner: taskId, attempt }),
      command: request.command,
      args: [...request.args, ...request.operands].map(String),
      cwd: request.cwd,
      env: { ...inheritedEnvironment(), ...strings(request.env), ...(request.events && EVENTS_ENVIRONMENT) },
      stdin: stdinText(request.stdin),
      maxBytes: request.maxBytes,
      signal,
      onChunk: () => heartbeat(),
      onEvents: request.events ? (pipe) => tellLines(pipe, { heartbeat, emit, token, log }) : null,
    });
    return settle(end, request, signal);
  },
});

/** A string goes in as it is, any other value as JSON. */
function stdinText(stdin: Json | undefined): string | undefined {
  return stdin === undefined || typeof stdin === 'string' ? stdin : JSON.stringify(stdin);
}

async function settle(end: CommandEnd, request: ProcessInput, signal: AbortSignal) {
  switch (end.kind) {
    case 'aborted':
      return aborted(signal);
    case 'tooMuchOutput': {
      const { maxBytes } = request;
      return failure('output_too_large', `The command wrote more than ${maxBytes} bytes`, { details: { maxBytes } });
    }
    case 'tooMuchMemory': {
      const { bytes } = end;
      const message = `The command was ended: with ${bytes} bytes it left its worker no memory`;
      return failure('memory_exceeded', message, { details: { bytes } });
    }
    case 'notStarted':
      return notStarted(end.cause, request);
    case 'exited':
      return end.exitCode === 0 ? succeeded(end, request) : exitFailure(end);
    default:
      return end satisfies never;
  }
}

type Exited = Extract<CommandEnd, { kind: 'exited' }>;

function succeeded({ stdout, stderr }: Exited, { parse }: ProcessInput) {
  try {
    const output = { exitCode: 0, stdout, stderr, value: parseOutput(stdout, parse) };
    return { kind: 'succeeded' as const, output };
  } catch (error) {
    return failure('invalid_json', `The command did not write JSON: ${messageOf(error)}`);
  }
}

function exitFailure({ exitCode, signalName, stderr }: Exited): Failure {
  const how = signalName === null ? `with code ${exitCode}` : `by ${signalName}`;
  return failure('process_exit', `The command ended ${how}`, {
    retryable: true,
    details: { exitCode, signal: signalName, stderr: stderr.slice(-STDERR_TAIL).toWellFormed() },
  });
}

async function notStarted(cause: string, { command, cwd }: ProcessInput): Promise<Failure> {
  // The system says ENOENT for a missing folder, too.
  if (cwd !== undefined && !(await isFolder(cwd))) return invalidInput('/cwd', 'not a folder');
  const details = { cause };
  if (cause === 'ENOENT') return failure('command_not_found', `There is no command "${command}"`, { details });
  const retryable = SCARCE.has(cause);
  return failure('command_not_started', `"${command}" could not be started: ${cause}`, { retryable, details });
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}
