/** The environment of the command line; the only file that reads it. */
import { readFileSync } from 'node:fs';

import type { RetentionRule } from '@weft/contract';
import { parseAge } from './output/duration.ts';

export const DEFAULT_URL = 'http://127.0.0.1:4400';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment as it is. */
export function environment(): Environment {
  return process.env;
}

/** Where the server is: the flag, else WEFT_URL, else the default. */
export function serverUrl(flag: string | undefined, env: Environment): string {
  return flag ?? nonEmpty(env['WEFT_URL']) ?? DEFAULT_URL;
}

/** The token: the flag, else WEFT_TOKEN, else the content of the file WEFT_TOKEN_FILE. Throws if that cannot be read. */
export function serverToken(flag: string | undefined, env: Environment): string | null {
  return flag ?? secretOf('WEFT_TOKEN', env);
}

/** The tenant to act in: the flag, else WEFT_TENANT; null: the one that the server takes. */
export function serverTenant(flag: string | undefined, env: Environment): string | null {
  return flag ?? nonEmpty(env['WEFT_TENANT']) ?? null;
}

/** A Postgres to use instead of the embedded one: DATABASE_URL, or the content of the file DATABASE_URL_FILE. */
export function databaseUrl(env: Environment): string | null {
  return secretOf('DATABASE_URL', env);
}

/** The Redis of a mesh: REDIS_URL, or the file that REDIS_URL_FILE names. */
export function redisUrl(env: Environment): string | null {
  return secretOf('REDIS_URL', env);
}

/** A secret comes as a variable, or in the file that NAME_FILE names. */
function secretOf(name: string, env: Environment): string | null {
  const file = nonEmpty(env[`${name}_FILE`]);
  return nonEmpty(env[name]) ?? (file === undefined ? null : readFileSync(file, 'utf8').trim());
}

/**
 * What tokens of endpoints are encrypted with: WEFT_ENCRYPTION_KEY, and what earlier ones were, WEFT_ENCRYPTION_KEYS_OLD; each also as the
 * file that NAME_FILE names.
 */
export function secretKeyTexts(env: Environment): { present: string | null; old: string | null } {
  return { present: secretOf('WEFT_ENCRYPTION_KEY', env), old: secretOf('WEFT_ENCRYPTION_KEYS_OLD', env) };
}

/** Where the outside reaches the API: WEFT_PUBLIC_URL; null if nobody has said so. Throws for what is no address. */
export function publicUrl(env: Environment): string | null {
  const given = nonEmpty(env['WEFT_PUBLIC_URL']);
  if (given === undefined) return null;
  if (/^https?:$/.test(URL.parse(given)?.protocol ?? '')) return given;
  throw new Error(`WEFT_PUBLIC_URL must be an address such as https://weft.example.com, not ${JSON.stringify(given)}`);
}

/** Where a worker answers health checks: WEFT_HEALTH_PORT; null if it shall not. Throws for what is no port. */
export function healthPort(env: Environment): number | null {
  const given = nonEmpty(env['WEFT_HEALTH_PORT']);
  if (given === undefined) return null;
  if (/^\d+$/.test(given) && Number(given) <= 65_535) return Number(given);
  throw new Error(`WEFT_HEALTH_PORT must be a number from 0 to 65535, not ${JSON.stringify(given)}`);
}

/**
 * Within what time the tasks of a worker that died without a word run again, ms: WEFT_DEAD_AFTER_MS, else 15,000; above 2,000.
 * Throws for what is no such number.
 */
export function deadAfterMs(env: Environment): number {
  const given = nonEmpty(env['WEFT_DEAD_AFTER_MS']) ?? '15000';
  if (/^\d{4,8}$/.test(given) && Number(given) > 2000) return Number(given);
  throw new Error(`WEFT_DEAD_AFTER_MS must be a number of milliseconds above 2000, not ${JSON.stringify(given)}`);
}

/**
 * How long ended runs are kept where no policy says so: WEFT_RETENTION, such as `30d` or `age=30d,keep=1000,failed=90d,archive`;
 * null if it is not set: they are kept for ever. Throws for what is none.
 */
export function retentionFallback(env: Environment): RetentionRule | null {
  const given = nonEmpty(env['WEFT_RETENTION']);
  if (given === undefined) return null;
  const rule: RetentionRule = { maxAgeMs: null, maxCount: null, failedMaxAgeMs: null, archive: false };
  for (const part of given.split(',').map((text) => text.trim())) {
    const [name = '', value = ''] = part.includes('=') ? part.split('=', 2) : ['age', part];
    const age = parseAge(value);
    if (part === 'archive') rule.archive = true;
    else if (name === 'age' && age !== undefined) rule.maxAgeMs = age;
    else if (name === 'failed' && age !== undefined) rule.failedMaxAgeMs = age;
    else if (name === 'keep' && /^\d{1,9}$/.test(value)) rule.maxCount = Number(value);
    else {
      const example = '30d or age=30d,keep=1000,failed=90d,archive';
      throw new Error(`WEFT_RETENTION must look like ${example}; ${JSON.stringify(part)} does not`);
    }
  }
  return rule;
}

/** The folder that deleted runs are archived in: WEFT_ARCHIVE_DIR; null for none. */
export function archiveDirectory(env: Environment): string | null {
  return nonEmpty(env['WEFT_ARCHIVE_DIR']) ?? null;
}

/** Where artifacts are kept: WEFT_ARTIFACTS, a folder or `s3://BUCKET/PREFIX`; null: in the data folder. */
export function artifactPlace(env: Environment): string | null {
  return nonEmpty(env['WEFT_ARTIFACTS']) ?? null;
}

/** Who asks the S3 server, and where it is: the variables of AWS, and WEFT_S3_ENDPOINT for another one. Throws where one is missing. */
export function s3Settings(env: Environment) {
  const endpoint = nonEmpty(env['WEFT_S3_ENDPOINT']) ?? null;
  const region = nonEmpty(env['AWS_REGION']) ?? nonEmpty(env['AWS_DEFAULT_REGION']) ?? 'us-east-1';
  const accessKeyId = secretOf('AWS_ACCESS_KEY_ID', env);
  const secretAccessKey = secretOf('AWS_SECRET_ACCESS_KEY', env);
  if (endpoint !== null && !/^https?:\/\/[^/?#@]+\/?$/.test(endpoint)) {
    throw new Error(`WEFT_S3_ENDPOINT must look like https://HOST:PORT, not ${JSON.stringify(endpoint)}`);
  }
  if (accessKeyId === null || secretAccessKey === null) {
    throw new Error('WEFT_ARTIFACTS is a bucket: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY');
  }
  return { endpoint, region, accessKeyId, secretAccessKey, sessionToken: nonEmpty(env['AWS_SESSION_TOKEN']) };
}

/**
 * What artifacts may have and how long they are kept: WEFT_MAX_ARTIFACT_BYTES, WEFT_INLINE_OUTPUT_BYTES and WEFT_ARTIFACT_GRACE, an age such as
 * `7d`. Throws for what is none.
 */
export function artifactLimits(env: Environment): { maxBytes?: number; inlineBytes?: number; graceMs?: number } {
  const maxBytes = bytesOf('WEFT_MAX_ARTIFACT_BYTES', env);
  const inlineBytes = bytesOf('WEFT_INLINE_OUTPUT_BYTES', env);
  const age = nonEmpty(env['WEFT_ARTIFACT_GRACE']);
  const graceMs = age === undefined ? undefined : parseAge(age);
  if (age !== undefined && graceMs === undefined) {
    throw new Error(`WEFT_ARTIFACT_GRACE must be an age such as 12h or 7d, not ${JSON.stringify(age)}`);
  }
  return {
    ...(maxBytes !== undefined && { maxBytes }),
    ...(inlineBytes !== undefined && { inlineBytes }),
    ...(graceMs !== undefined && { graceMs }),
  };
}

function bytesOf(name: string, env: Environment): number | undefined {
  const given = nonEmpty(env[name]);
  if (given === undefined) return undefined;
  if (/^[1-9]\d{0,11}$/.test(given)) return Number(given);
  throw new Error(`${name} must be a number of bytes, not ${JSON.stringify(given)}`);
}

/** How many nodes a document may have: WEFT_MAX_NODES, else 10,000. */
export function maxNodes(env: Environment): number {
  const given = Number(nonEmpty(env['WEFT_MAX_NODES']) ?? 10_000);
  return Number.isSafeInteger(given) && given > 0 ? given : 10_000;
}

/** Where embedded data lives, unless a flag says otherwise. */
export function dataDirectory(env: Environment): string {
  return nonEmpty(env['WEFT_DATA_DIR']) ?? '.weft';
}

/** Whether a stream gets colours: by the no-color convention, then FORCE_COLOR, then whether it is a terminal. */
export function wantsColor(isTty: boolean, env: Environment): boolean {
  if (nonEmpty(env['NO_COLOR']) !== undefined || env['TERM'] === 'dumb') return false;
  const forced = nonEmpty(env['FORCE_COLOR']);
  return forced === undefined ? isTty : forced !== '0';
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
