import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Executor } from '@weft/engine/ports';

import { messageOf } from './failure.ts';
import type { Handler } from './handler-executor.ts';
import { handlerExecutor } from './handler-executor.ts';

const EXTENSIONS = new Set(['.ts', '.js', '.mjs']);

/** As long as `uses` allows, `handler:` included. */
const HANDLER_NAME = /^\P{Cc}{1,192}$/u;

/** Why a handlers file could not be used. */
export type HandlersFileErrorCode =
  | 'handlers_not_found'
  | 'handlers_unloadable'
  | 'handlers_no_default'
  | 'handler_bad_name'
  | 'handler_not_function';

/** A handlers file that cannot be used; the message names the file and what to do. */
export class HandlersFileError extends Error {
  readonly code: HandlersFileErrorCode;
  override readonly name = 'HandlersFileError';

  constructor(code: HandlersFileErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Loads a user's handlers file (.ts, .js or .mjs), whose default export is `{ NAME: async (input, ctx) => output }`. Each
 * function becomes an executor of type `handler:NAME`, the key in the map. A file is loaded once per process: later
 * changes to it count from the next start.
 *
 * @throws HandlersFileError `handlers_not_found` (no such file, or none of the three kinds), `handlers_unloadable` (the
 * file itself threw or does not parse), `handlers_no_default`, `handler_bad_name`, `handler_not_function`.
 */
export async function loadHandlers(file: string): Promise<Map<string, Executor>> {
  const path = resolve(file);
  await checkFile(path);
  const version = await fileVersion(path);
  const executors = Object.entries(await importDefault(path)).map(([name, handler]) => {
    checkName(path, name);
    if (!isHandler(handler)) {
      throw new HandlersFileError('handler_not_function', `${path}: the handler "${name}" is not a function`);
    }
    return { ...handlerExecutor(name, handler), version };
  });
  return new Map(executors.map((executor) => [executor.type, executor]));
}

async function checkFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) throw new HandlersFileError('handlers_not_found', `${path}: there is no such file`);
  if (EXTENSIONS.has(extname(path))) return;
  throw new HandlersFileError('handlers_not_found', `${path}: a handlers file ends in ${[...EXTENSIONS].join(', ')}`);
}

/** Cached results of a handler hold as long as its file is the same; what the file imports is not looked at. */
async function fileVersion(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

async function importDefault(path: string): Promise<object> {
  const module = await importModule(path);
  if (typeof module.default === 'object' && module.default !== null && !Array.isArray(module.default)) {
    return module.default;
  }
  const wanted = 'export default { NAME: async (input, ctx) => output }';
  throw new HandlersFileError('handlers_no_default', `${path}: the default export must be an object: ${wanted}`);
}

async function importModule(path: string): Promise<{ default?: unknown }> {
  try {
    const module: { default?: unknown } = await import(pathToFileURL(path).href);
    return module;
  } catch (cause) {
    throw new HandlersFileError('handlers_unloadable', `${path} could not be loaded: ${messageOf(cause)}`, { cause });
  }
}

function checkName(path: string, name: string): void {
  if (HANDLER_NAME.test(name)) return;
  const rule = '1 to 192 characters, no control characters';
  throw new HandlersFileError('handler_bad_name', `${path}: ${JSON.stringify(name)} is no handler's name (${rule})`);
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function';
}
