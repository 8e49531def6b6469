/** The example research-team: five kinds of endpoints, tools, a person's approval, and a worker that is killed in between. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { NewEndpoint } from '@weft/contract';
import type { Json, Run, StartRun, Task } from '@weft/contract';
import { parseDocument } from '@weft/formats';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openMesh } from '../chaos/use-mesh.ts';
import type { Mesh, Producer } from '../chaos/use-mesh.ts';
import { testRedisUrl } from '@weft/testkit';

const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'research-team');
const SOON = { timeout: 60_000, interval: 50 };
const FINDINGS = 'A heat pump gives three times the heat of the electricity it takes. That is true.';

/** The other side, on a free port, with a stream in the Redis of the mesh. */
async function startTeam(mesh: Mesh, delayMs: number): Promise<string> {
  const child = spawn(process.execPath, [join(EXAMPLE, 'server.mjs'), '0', mesh.redis.url, String(delayMs)]);
  onTestFinished(() => void child.kill());
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return /http:\S+/.exec(line.toString())?.[0] ?? '';
}

async function register({ client }: Producer, mesh: Mesh, base: string): Promise<void> {
  const text = await readFile(join(EXAMPLE, 'endpoints.yaml'), 'utf8');
  const here = text.replaceAll('http://127.0.0.1:4620', base).replaceAll('redis://127.0.0.1:6379', mesh.redis.url);
  const team = ((await yaml(here)) as unknown[]).map((one) => NewEndpoint.parse(one));
  expect(new Set(team.map(({ protocol }) => protocol)).size).toBe(5);
  for (const endpoint of team) await client.endpoints.create(endpoint);
}

async function yaml(text: string): Promise<Json> {
  const parsed = await parseDocument(text, 'yaml');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.value;
}

async function start({ client }: Producer): Promise<Run> {
  const workflow = await yaml(await readFile(join(EXAMPLE, 'workflow.yaml'), 'utf8'));
  return client.runs.start({ workflow: workflow as StartRun['workflow'], input: { topic: 'heat pumps' } });
}

async function taskOf({ client }: Producer, runId: string, node: string): Promise<Task | undefined> {
  return (await client.runs.tasks(runId)).items.find((task) => task.node === node);
}

async function approve({ client }: Producer, runId: string): Promise<Run> {
  await expect.poll(async () => (await client.runs.get(runId)).status, SOON).toBe('interrupted');
  await client.runs.resume(runId, { answers: Object.fromEntries(await questions(client, runId)) });
  await expect.poll(async () => (await client.runs.get(runId)).endedAt, SOON).not.toBeNull();
  return client.runs.get(runId);
}

async function questions(client: Producer['client'], runId: string): Promise<[string, boolean][]> {
  const { items } = await client.interrupts.list();
  return items.filter((one) => one.runId === runId).map(({ id }) => [id, true]);
}

/** To the millionth of a dollar. */
const usd = (amount: number): number => Math.round(amount * 1e6) / 1e6;

describe.skipIf(testRedisUrl() === null)('the example research-team', () => {
  test('does its work at five kinds of endpoints, and its account adds up', async () => {
    const mesh = await openMesh();
    const base = await startTeam(mesh, 20);
    const [producer] = await Promise.all([mesh.producer(), mesh.worker()]);
    await register(producer, mesh, base);
    const run = await approve(producer, (await start(producer)).id);

    expect(run).toMatchObject({
      status: 'succeeded',
      output: { findings: FINDINGS, report: expect.stringContaining('Worth knowing') },
      budget: { usd: 0.5, spent: { usd: 0.05 }, reserved: { usd: 0, tokens: 0 } },
    });
    const costs = await producer.client.costs({ groupBy: ['run'] });
    expect(usd(costs.items.reduce((sum, item) => sum + item.usd, 0))).toBe(0.05);
    expect(costs.items).toHaveLength(3);
    expect(usd(run.usage.usd)).toBe(0.042);
  });

  test('goes on with the turn in which its worker was killed', async () => {
    const mesh = await openMesh();
    const base = await startTeam(mesh, 400);
    const [producer, ...workers] = await Promise.all([mesh.producer(), mesh.worker(), mesh.worker()]);
    await register(producer, mesh, base);
    const { id } = await start(producer);
    const isInSecondTurn = async () => {
      const task = await taskOf(producer, id, 'research');
      return task && task.attempt >= 2 && task.status === 'running' ? task.worker : undefined;
    };
    await expect.poll(isInSecondTurn, SOON).toBeDefined();
    const holder = await isInSecondTurn();
    const { items } = await producer.client.workers.list();
    const pid = items.find((worker) => worker.id === holder)?.pid;
    for (const worker of workers) if (pid === undefined || worker.ready.pid === pid) await worker.kill();
    if (pid === undefined) await mesh.worker();
    const run = await approve(producer, id);

    expect(run).toMatchObject({ status: 'succeeded', output: { findings: FINDINGS } });
    const turns = (await producer.client.runs.steps(id)).items.flatMap(({ facts }) => {
      return (facts['note'] as { turn?: number } | undefined)?.turn ?? [];
    });
    expect(turns).toEqual([1, 2]);
    const costs = await producer.client.costs({ groupBy: ['run'] });
    const spent = usd(costs.items.reduce((sum, item) => sum + item.usd, 0));
    expect(run.budget).toMatchObject({ spent: { usd: spent }, reserved: { usd: 0, tokens: 0 } });
    expect(costs.items).toHaveLength(3);
  });
});
