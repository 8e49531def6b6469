/** Everything that `weft doctor` looks at, in order: the database, Redis, and what only shows between them. */
import type { Finding } from '@weft/contract';
import { DATABASE_CHECKS, examineDatabase, openStore, readServerFacts } from '@weft/postgres';
import type { SecretKeys } from '@weft/postgres';
import { examineRedis, openRedis, REDIS_CHECKS } from '@weft/redis';

import { clocks } from './clocks.ts';
import { disk } from './disk.ts';
import { endpointTokens } from './endpoint-tokens.ts';
import { lostOffers } from './lost-offers.ts';

export type Patient = {
  databaseUrl: string;
  /** Null for a stack that has none. */
  redisUrl: string | null;
  deadAfterMs: number;
  /** What tokens of endpoints are encrypted with, as far as is known here. */
  secretKeys: SecretKeys;
  version: string;
  /** Names of checks; null for all. */
  only: readonly string[] | null;
};

export const CHECKS: readonly string[] = [
  ...DATABASE_CHECKS,
  'endpoint tokens',
  'disk',
  'clocks',
  ...REDIS_CHECKS,
  'lost offers',
];

/** Throws where the database does not answer; a Redis that does not is a finding. */
export async function examine(patient: Patient): Promise<Finding[]> {
  const findings = await examineDatabase(patient.databaseUrl, patient);
  const facts = await readServerFacts(patient.databaseUrl);
  const { databaseUrl, secretKeys } = patient;
  const store = openStore({ url: databaseUrl, maxConnections: 1, secretKeys, onError: () => undefined });
  const redis =
    patient.redisUrl === null ? null : await openRedis({ url: patient.redisUrl, waitMs: 5000 }).catch(problemOf);
  const connection = redis !== null && 'commands' in redis ? redis : null;
  try {
    if (isWanted(patient, 'endpoint tokens')) findings.push(await endpointTokens(store, secretKeys));
    if (isWanted(patient, 'disk')) findings.push(await disk(patient.databaseUrl, facts));
    if (isWanted(patient, 'clocks')) findings.push(...(await clocks(facts, connection)));
    if (redis !== null && 'finding' in redis && isWanted(patient, 'redis')) findings.push(redis.finding);
    if (connection && REDIS_CHECKS.some((name) => isWanted(patient, name))) {
      const found = await examineRedis(connection.commands);
      findings.push(...found.filter(({ check }) => isWanted(patient, check)));
    }
    if (connection && isWanted(patient, 'lost offers')) findings.push(await lostOffers(store, connection));
    return findings;
  } finally {
    await connection?.close();
    await store.close();
  }
}

function isWanted({ only }: Patient, name: string): boolean {
  return only?.includes(name) ?? true;
}

function problemOf(error: unknown): { finding: Finding } {
  const what = error instanceof Error ? error.message : String(error);
  const advice = 'nothing is claimed while it is away; what is submitted meanwhile is kept';
  return { finding: { check: 'redis', level: 'error', what, advice } };
}
