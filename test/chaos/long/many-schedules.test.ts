import { testRedisUrl } from '@weft/testkit';
import { Pool } from 'pg';
import { expect, onTestFinished, test } from 'vitest';

import { openMesh } from '../use-mesh.ts';

const SOON = { timeout: 300_000, interval: 200 };
const COUNT = 10_000;

test.skipIf(testRedisUrl() === null)(
  '10,000 schedules that are due in the same minute start one run each, however many producers look',
  async () => {
    const mesh = await openMesh();
    const pool = new Pool({ connectionString: mesh.databaseUrl, max: 1 });
    onTestFinished(() => pool.end());
    const [producer] = await Promise.all([mesh.producer(), mesh.producer()]);
    await producer.client.workflows.save({ name: 'echo', nodes: { a: { type: 'task', uses: 'echo' } } });
    await producer.client.schedules.create({ name: 's', spec: { everyMs: 86_400_000 }, workflow: 'echo' });
    await pool.query(`insert into schedule (id, tenant, name, definition, workflow, state, next_at, wake_at)
    select gen_random_uuid(), tenant, 's' || n, definition, workflow, 'active', date_trunc('minute', now()), now()
    from schedule, generate_series(1, ${COUNT}) as n`);
    const started = async () =>
      (
        await pool.query(
          "select count(*)::int as n, count(distinct run_id)::int as runs from schedule_fire where outcome = 'started'",
        )
      ).rows[0];
    await expect.poll(started, SOON).toEqual({ n: COUNT, runs: COUNT });
    // Whoever asks is answered meanwhile and after.
    expect((await producer.client.schedules.list({ limit: 1 })).items).toHaveLength(1);
  },
);
