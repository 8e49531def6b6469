import { readdir } from 'node:fs/promises';

import type { ExecutorDefinition } from './define.ts';
import { PROTOCOL_EXECUTORS } from './protocol-names.ts';

const BUILTIN = new URL('./builtin/', import.meta.url);

/** A file in an executors' folder that is not an executor; `code` is `bad_executor_file`. */
export class ExecutorFileError extends Error {
  readonly code = 'bad_executor_file';
  override readonly name = 'ExecutorFileError';
}

/** The names that `uses` may have without a handlers file, sorted. Loads nothing. */
export async function usableTypes(): Promise<string[]> {
  return [...(await executorTypes()), ...PROTOCOL_EXECUTORS].toSorted();
}

/** The executors of a folder, sorted. Reads the folder only, loads nothing. */
export async function executorTypes(folder: URL = BUILTIN): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => /^[a-z][a-z0-9-]*\.ts$/.test(name))
    .map((name) => name.slice(0, -'.ts'.length))
    .toSorted();
}

/**
 * Loads every executor of a folder, keyed by type. One file is one executor: the file's name is the type, the default
 * export comes from `defineExecutor`.
 *
 * @throws ExecutorFileError when a file is something else.
 */
export async function loadExecutors(folder: URL = BUILTIN): Promise<Map<string, ExecutorDefinition>> {
  const types = await executorTypes(folder);
  const definitions = await Promise.all(types.map((type) => loadExecutor(type, folder)));
  return new Map(definitions.map((definition) => [definition.type, definition]));
}

async function loadExecutor(type: string, folder: URL): Promise<ExecutorDefinition> {
  const file = new URL(`${type}.ts`, folder);
  const module: { default?: unknown } = await import(file.href);
  if (!isDefinition(module.default)) {
    throw new ExecutorFileError(`${type}.ts: the default export must come from defineExecutor`);
  }
  if (module.default.type !== type) {
    throw new ExecutorFileError(`${type}.ts: the type is "${module.default.type}", the file's name says "${type}"`);
  }
  return module.default;
}

function isDefinition(value: unknown): value is ExecutorDefinition {
  return typeof value === 'object' && value !== null && 'type' in value && 'run' in value && 'schema' in value;
}
