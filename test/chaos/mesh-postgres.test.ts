import { testRedisUrl } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { openOwnPostgres } from './own-postgres.ts';
import { recordRecovery, watchSteps } from './recovery.ts';
import { chain, openMesh, startRuns } from './use-mesh.ts';

const SOON = { timeout: 30_000, interval: 20 };
const LENGTH = 3;

describe.skipIf(testRedisUrl() === null)('a flood through processes', () => {
  test('F24: loses and doubles nothing when Postgres is restarted, and then crashes', async () => {
    const database = await openOwnPostgres();
    const mesh = await openMesh({ databaseUrl: database.url });
    const workers = [mesh.worker('--concurrency=8'), mesh.worker('--concurrency=8')];
    const [producer] = await Promise.all([mesh.producer(), ...workers]);
    const watch = watchSteps(database.url);
    const workflow = chain(LENGTH, { uses: 'handler:work', with: { notes: mesh.notes, ms: 15 } });
    const ids = await startRuns(producer, 240, workflow);
    const succeeded = () => mesh.countOf('succeeded').catch(() => 0);
    await expect.poll(succeeded, SOON).toBeGreaterThan(20);
    await database.restart();
    await expect.poll(succeeded, SOON).toBeGreaterThan(80);
    await database.crash();
    expect(await mesh.countOf('succeeded')).toBeLessThan(ids.length);
    recordRecovery('F24', await watch.untilNextStep());

    await mesh.allSucceed(ids, LENGTH);
    const more = await startRuns(producer, 20, workflow);
    await mesh.allSucceed(more, LENGTH);
  });
});
