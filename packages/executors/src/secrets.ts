import { readFileSync } from 'node:fs';

import type { Json } from '@weft/contract';

import type { Failure } from './failure.ts';
import { failure } from './failure.ts';
import { invalidInput } from './validation-failure.ts';

/** The environment's names and values. */
export type Environment = Record<string, string | undefined>;

/** An input with its secrets in place, and the secrets alone, for `redact`. */
export type ResolvedInput = { kind: 'resolved'; input: Json; secrets: string[] };

/** The names that a template lets pass. */
const SECRET_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;

/**
 * Puts secrets into an input. `secretPaths` are the JSON pointers of the document's literal `{ secret: NAME }` objects;
 * only these are replaced, never an object that merely looks so because a template or another task's output made it.
 *
 * The value of NAME is `WEFT_SECRET_NAME`, else the content of the file that `WEFT_SECRET_NAME_FILE` names (without a
 * line break at its end). An unset, empty or unreadable one fails with `missing_secret`, not retryable; the message names
 * the variable. The given input is left as it is.
 */
export function resolveSecrets(input: Json, secretPaths: readonly string[], env: Environment): ResolvedInput | Failure {
  const secrets: string[] = [];
  let resolved = input;
  for (const pointer of secretPaths) {
    const path = parsePointer(pointer);
    const name = secretName(path.reduce(child, resolved));
    if (name === undefined) return invalidInput(pointer, 'expected { secret: NAME }');
    const secret = readSecret(name, env);
    if (typeof secret !== 'string') return secret;
    secrets.push(secret);
    resolved = replaceAt(resolved, path, secret);
  }
  return { kind: 'resolved', input: resolved, secrets };
}

function parsePointer(pointer: string): string[] {
  const parts = pointer.split('/').slice(1);
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function child(value: Json | undefined, key: string): Json | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return Array.isArray(value) ? value[Number(key)] : value[key];
}

function secretName(value: Json | undefined): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const name = Object.keys(value).length === 1 ? value['secret'] : undefined;
  return typeof name === 'string' && SECRET_NAME.test(name) ? name : undefined;
}

function readSecret(name: string, env: Environment): string | Failure {
  const variable = `WEFT_SECRET_${name}`;
  const value = env[variable];
  if (value) return value;
  const file = env[`${variable}_FILE`];
  if (!file) return failure('missing_secret', `The worker has no ${variable} and no ${variable}_FILE`);
  const content = readSecretFile(file);
  return content || failure('missing_secret', `The file that ${variable}_FILE names is empty or cannot be read`);
}

function readSecretFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch {
    return '';
  }
}

/** Copies the containers on the way only. */
function replaceAt(value: Json, path: readonly string[], replacement: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined || typeof value !== 'object' || value === null) return replacement;
  const replaced = replaceAt(child(value, key) ?? null, rest, replacement);
  return Array.isArray(value) ? value.with(Number(key), replaced) : { ...value, [key]: replaced };
}
