/** What the producer takes from its environment, checked once at the start. */
import { readFileSync } from 'node:fs';

import { z } from 'zod';

import type { LaneBounds } from './pressure/lane-load.ts';
import { isLoopback } from './http/loopback.ts';

export type ProducerConfig = {
  host: string;
  port: number;
  token: string | null;
  maxNodes: number;
  /** Of a tenant on a lane, from when on new runs are refused; null: no bound. */
  lanes: LaneBounds;
  /** How much memory the process may use, MiB; null: a share of the machine's. */
  memoryLimitMib: number | null;
  /** How many schedules a tenant may have. */
  maxSchedules: number;
  /** A file of endpoints, which the registry follows; null: none. */
  endpointsFile: string | null;
};

/** A setting that is wrong; its message is one line that says what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'bad_config';
}

const Environment = z.object({
  WEFT_HOST: z.string().min(1).default('127.0.0.1'),
  WEFT_PORT: z.coerce.number().int().min(0).max(65_535).default(4400),
  WEFT_TOKEN: z.string().regex(/^\S+$/, { error: 'must not hold spaces' }).min(16).max(1000).optional(),
  WEFT_MAX_LANE_DEPTH: z.coerce.number().int().min(0).max(100_000_000).default(1_000_000),
  WEFT_MAX_LANE_WAIT_MS: z.coerce.number().int().min(0).default(0),
  WEFT_MEMORY_LIMIT_MB: z.coerce.number().int().min(200).optional(),
  WEFT_MAX_SCHEDULES: z.coerce.number().int().min(0).max(1_000_000).default(10_000),
  WEFT_ENDPOINTS_FILE: z.string().optional(),
  WEFT_MAX_NODES: z.coerce.number().int().min(1).max(1_000_000).default(10_000),
});

/**
 * Reads `WEFT_HOST`, `WEFT_PORT`, `WEFT_TOKEN` (or the file named by `WEFT_TOKEN_FILE`), `WEFT_MAX_NODES`,
 * `WEFT_MAX_LANE_DEPTH`, `WEFT_MAX_LANE_WAIT_MS` (0: no bound), `WEFT_MEMORY_LIMIT_MB`,
 * `WEFT_MAX_SCHEDULES` and `WEFT_ENDPOINTS_FILE`.
 *
 * Throws ConfigError for a bad value, and for an address beyond this machine without a token.
 */
export function readProducerConfig(environment: NodeJS.ProcessEnv = process.env): ProducerConfig {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const result = Environment.safeParse({ ...given, ...tokenFromFile(given) });
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new ConfigError(`${String(issue?.path[0])} is not valid: ${issue?.message}`);
  }
  const { WEFT_HOST: host, WEFT_PORT: port, WEFT_TOKEN: token = null, WEFT_MAX_NODES: maxNodes } = result.data;
  refuseOpenDoor(host, token);
  const { WEFT_MAX_LANE_DEPTH: depth, WEFT_MAX_LANE_WAIT_MS: waitMs, WEFT_MEMORY_LIMIT_MB: mib = null } = result.data;
  const lanes = { maxDepth: depth === 0 ? null : depth, maxWaitMs: waitMs === 0 ? null : waitMs };
  const { WEFT_ENDPOINTS_FILE: endpointsFile = null, WEFT_MAX_SCHEDULES: maxSchedules } = result.data;
  return { host, port, token, maxNodes, lanes, memoryLimitMib: mib, maxSchedules, endpointsFile };
}

/** Throws ConfigError if anybody could reach the API without a token. */
export function refuseOpenDoor(host: string, token: string | null): void {
  if (token !== null || isLoopback(host)) return;
  throw new ConfigError(`${host} is reachable from outside: set WEFT_TOKEN or WEFT_TOKEN_FILE as well`);
}

function tokenFromFile({ WEFT_TOKEN_FILE: file }: NodeJS.ProcessEnv): { WEFT_TOKEN?: string } {
  if (file === undefined) return {};
  try {
    return { WEFT_TOKEN: readFileSync(file, 'utf8').trim() };
  } catch (error) {
    throw new ConfigError(`WEFT_TOKEN_FILE ${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
