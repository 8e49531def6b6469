/** The example database-profile: started by a schedule, its worker killed while it counts, and a webhook told. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Json, NewSchedule } from '@weft/contract';
import { parseDocument } from '@weft/formats';
import { createTestDatabase, testRedisUrl } from '@weft/testkit';
import { startContainerEngine } from '@weft/testkit/container-engine';
import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';

import { openMesh } from '../chaos/use-mesh.ts';

const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'database-profile');
const SOON = { timeout: 60_000, interval: 50 };
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

const textOf = (name: string) => readFile(join(EXAMPLE, name), 'utf8');

async function startServer(): Promise<string> {
  const child = spawn(process.execPath, [join(EXAMPLE, 'server.mjs'), '0', SECRET]);
  onTestFinished(() => void child.kill());
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return /http:\S+/.exec(line.toString())?.[0] ?? '';
}

async function openShop(): Promise<{ url: string; client: Client }> {
  const database = await createTestDatabase();
  const client = new Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(async () => {
    await client.end();
    await database.drop();
  });
  await client.query(await textOf('shop.sql'));
  return { url: database.url, client };
}

async function workflow(hasContainers: boolean): Promise<{ nodes: Record<string, Json> }> {
  const parsed = await parseDocument(await textOf('workflow.yaml'), 'yaml');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  const document = parsed.value as { nodes: Record<string, Json> };
  if (!hasContainers) document.nodes['pack'] = { type: 'task', uses: 'echo', needs: ['describe'], with: { value: 8 } };
  return document;
}

test.skipIf(testRedisUrl() === null)(
  'the example database-profile ends right although its worker was killed while it counted, and tells a webhook once',
  async () => {
    const engine = await startContainerEngine();
    const hasContainers = typeof engine !== 'string';
    if (!hasContainers) process.stderr.write(`weft: ${engine}, so the step with a container is left out\n`);
    onTestFinished(() => (hasContainers ? engine.stop() : undefined));
    const [base, shop, mesh] = await Promise.all([startServer(), openShop(), openMesh()]);
    const starters = mesh.by({
      WEFT_ALLOW_PRIVATE: '127.0.0.0/8, ::1, localhost',
      WEFT_ENCRYPTION_KEY: 'ab'.repeat(32),
      WEFT_OPENAI_BASE_URL: `${base}/v1`,
      WEFT_SECRET_SHOP_DATABASE: shop.url,
      ...(hasContainers ? { DOCKER_HOST: engine.host } : {}),
    });
    const [{ client }, worker] = await Promise.all([starters.producer(), starters.worker()]);
    await client.callbacks.create({ url: `${base}/hook`, events: ['run.succeeded', 'run.failed'], secret: SECRET });
    await client.workflows.save(await workflow(hasContainers));
    const schedule = JSON.parse(await textOf('schedule.json')) as NewSchedule;
    const image = hasContainers ? { image: engine.image } : {};
    const input = { ...(schedule.input as Record<string, Json>), ...image, jobs: EXAMPLE };
    const told = async () =>
      (await (await fetch(`${base}/heard`)).json()) as { type: string; data: { runId: string } }[];

    await shop.client.query('begin; lock table shop.orders in access exclusive mode');
    // A callback of a tenant hears of what happens from three seconds after it was added.
    const at = new Date(Date.now() + 4000).toISOString();
    await client.schedules.create({ ...schedule, input, spec: { at } });
    const counting = async () =>
      (await shop.client.query("select 1 from pg_locks where not granted and relation = 'shop.orders'::regclass"))
        .rowCount;
    await expect.poll(counting, SOON).toBe(1);
    await worker.kill();
    await starters.worker();
    await shop.client.query('rollback');

    await expect.poll(told, SOON).toHaveLength(1);
    const [event] = await told();
    const run = await client.runs.get(event?.data.runId ?? '');
    expect(event?.type).toBe('run.succeeded');
    expect(run).toMatchObject({
      status: 'succeeded',
      trigger: { schedule: 'database-profile', kind: 'schedule' },
      output: {
        answer: expect.stringMatching(/^The column email of customer \(text\) is empty in 36 of 40 rows\. \[\d\]$/),
        citations: [expect.objectContaining({ document: 'customer' })],
        report: { mediaType: 'text/markdown; charset=utf-8' },
      },
    });
    const { rows } = await shop.client.query('select report, findings from weft.profile');
    expect(rows).toEqual([{ report: (run.output as { report: { artifact: string } }).report.artifact, findings: 3 }]);
    const { items } = await client.runs.tasks(run.id);
    expect(items.find(({ node }) => node === 'read')?.attempt).toBe(2);
  },
);
