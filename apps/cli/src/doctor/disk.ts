/** How much room the disk of the database has, where it can be seen from here. */
import { statfs } from 'node:fs/promises';

import type { Finding } from '@weft/contract';
import type { ServerFacts } from '@weft/postgres';

const LITTLE = 0.15;
const TOO_LITTLE = 0.05;

export async function disk(databaseUrl: string, { dataDirectory }: ServerFacts): Promise<Finding> {
  const check = 'disk';
  const isHere = ['127.0.0.1', 'localhost', '[::1]', '::1'].includes(new URL(databaseUrl).hostname);
  const folder = isHere ? dataDirectory : null;
  const stats = folder === null ? null : await statfs(folder).catch(() => null);
  if (stats === null || folder === null) {
    return { check, level: 'ok', what: 'the disk of the database cannot be seen from here' };
  }
  const share = stats.bavail / stats.blocks;
  const what = `the disk of the database has ${((stats.bavail * stats.bsize) / 1024 ** 3).toFixed(1)} GiB free, ${(share * 100).toFixed(0)} %`;
  if (share >= LITTLE) return { check, level: 'ok', what, where: [folder] };
  const advice = 'make room, or set a retention policy: with a full disk Postgres stops';
  return { check, level: share < TOO_LITTLE ? 'error' : 'warn', what, where: [folder], advice };
}
