/** Runs in the child process: imports the user's module, calls its function, and says on descriptor 3 what comes of it. */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

type Call = {
  url: string;
  input: unknown;
  context: { runId: string; taskId: string; attempt: number; idempotencyKey: string };
};

const MESSAGES_FD = 3;
const TRACE_CHARS = 2_000;
const MESSAGE_CHARS = 2_000;
/** How long a function may clean up after its signal; then its process ends. */
const GRACE_MS = 400;
/** Codes of Node that say that a file is not a module that can be run; they come with the import only. */
const SYNTAX = new Set(['ERR_INVALID_TYPESCRIPT_SYNTAX', 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX']);

/** The script's own folder has a name by chance. */
const HERE = `${pathToFileURL(process.cwd()).href}/`;

const stop = new AbortController();
process.on('SIGTERM', () => {
  stop.abort(new Error('the attempt was stopped'));
  setTimeout(() => process.exit(143), GRACE_MS);
});

/** A pipe takes as much as there is room for. */
function say(message: object): void {
  const bytes = Buffer.from(`${JSON.stringify(message, onlyPlain)}\n`);
  for (let at = 0; at < bytes.length;) at += writeSync(MESSAGES_FD, bytes, at);
}

/** What JSON would silently lose is refused. */
function onlyPlain(_key: string, value: unknown): unknown {
  const odd = typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint';
  if (odd || (typeof value === 'number' && !Number.isFinite(value))) throw notJson(String(value));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return value;
  throw notJson(`an object of ${value.constructor?.name ?? 'an unknown class'}`);
}

function notJson(what: string): Error {
  return Object.assign(new TypeError(`${what} is no JSON`), { code: 'output_not_json', retryable: false });
}

async function load(url: string): Promise<(input: unknown, context: object) => unknown> {
  const module = await importModule(url);
  if (typeof module.default === 'function') return module.default as (input: unknown, context: object) => unknown;
  throw invalid('the default export must be a function: export default async (input, ctx) => output');
}

async function importModule(url: string): Promise<{ default?: unknown }> {
  try {
    return (await import(url)) as { default?: unknown };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (error instanceof SyntaxError || SYNTAX.has(code)) throw invalid(error instanceof Error ? error.message : code);
    throw error;
  }
}

function invalid(message: string): Error {
  return Object.assign(new Error(message), { code: 'script_invalid', retryable: false });
}

function thrown(error: unknown): object {
  const hints: Record<string, unknown> = typeof error === 'object' && error !== null ? { ...error } : {};
  const trace = error instanceof Error ? String(error.stack).replaceAll(HERE, '').slice(0, TRACE_CHARS) : '';
  const message = (error instanceof Error ? error.message : String(error)).slice(0, MESSAGE_CHARS);
  return { type: error instanceof Error ? error.name : typeof error, message, trace, ...codeOf(error, hints) };
}

function isAllocation(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes('allocation failed');
}

function codeOf(error: unknown, hints: Record<string, unknown>): object {
  if (hints['code'] === 'ERR_MEMORY_ALLOCATION_FAILED' || isAllocation(error)) {
    return { code: 'out_of_memory', retryable: false };
  }
  if (hints['code'] === 'ERR_ACCESS_DENIED') return { code: 'permission_denied', retryable: false };
  const { code, retryable, retryAfterMs } = hints;
  return {
    ...(typeof code === 'string' && /^[a-z][a-z0-9_]{0,63}$/.test(code) && { code }),
    ...(retryable === false && { retryable }),
    ...(typeof retryAfterMs === 'number' && retryAfterMs >= 0 && { retryAfterMs }),
  };
}

async function run({ url, input, context }: Call): Promise<void> {
  const ctx = {
    ...context,
    signal: stop.signal,
    log: (level: string, message: string, fields?: object) => say({ log: { level, message, fields } }),
    heartbeat: (progress?: unknown) => say(progress === undefined ? { heartbeat: true } : { progress }),
    emit: (data: unknown) => say({ custom: data }),
    token: (text: string, metadata?: object) => say({ token: text, metadata }),
  };
  const userFunction = await load(url);
  const result = await userFunction(input, ctx);
  say({ result: result ?? null });
}

function fail(error: unknown): never {
  say({ error: thrown(error) });
  process.exit(0);
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

const lines = createInterface({ input: process.stdin });
lines.once('line', (line) => {
  // A function that waits for nothing that can come ends, instead of waiting for its time to be up.
  process.stdin.unref();
  run(JSON.parse(line) as Call).then(() => process.exit(0), fail);
});
// The worker holds the other end: without it nobody waits for the result.
lines.once('close', () => process.kill(-process.pid, 'SIGKILL'));
