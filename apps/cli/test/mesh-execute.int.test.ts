/** Mesh executions on the whole embedded stack, asked of real HTTP endpoints. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { MeshExecute, MeshStep, Problem } from '@weft/contract';
import { createClient } from '@weft/sdk';
import type { MeshItem, WeftClient } from '@weft/sdk';
import { createTestDatabase, type TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { startDev, type DevStack } from '../src/stack/start-dev.ts';
import { weft } from './fake-terminal.ts';
import { startPromptServer, type PromptServer } from '@weft/testkit/prompt-server';

const SOON = { timeout: 20_000, interval: 10 };

let folder: string;
let database: TestDatabase;
let server: PromptServer;
let stack: DevStack;
let client: WeftClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-mesh-execute-'));
  database = await createTestDatabase();
  server = await startPromptServer();
  const options = { dataDir: folder, databaseUrl: database.url, handlersFile: null, log: 'file' as const };
  stack = await startDev({ host: '127.0.0.1', port: 0, ...options });
  client = createClient({ url: stack.url });
  const endpoint = { protocol: 'api_chat', url: server.url, maxConcurrent: 8 } as const;
  await client.endpoints.create({ name: 'small', ...endpoint, model: 's1', tags: ['any'] });
  await client.endpoints.create({ name: 'large', ...endpoint, model: 'l1', tags: ['any', 'coder'] });
}, 60_000);

afterAll(async () => {
  await stack?.stop();
  await server?.close();
  await database?.drop();
  await rm(folder, { recursive: true });
}, 60_000);

beforeEach(() => void server.prompts.splice(0));

const step = (id: string, prompt: string, ...dependsOn: string[]): MeshStep => ({ id, prompt, dependsOn });

async function told(stream: AsyncIterable<MeshItem>): Promise<MeshItem[]> {
  const items: MeshItem[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

const execute = (request: MeshExecute, events: 'main' | 'all' = 'main') =>
  told(client.mesh.execute(request, { events }));

/** Events as `name step`. */
function lines(items: readonly MeshItem[]): string[] {
  return items.map(({ event, data }) => ('stepId' in data ? `${event} ${data.stepId}` : event));
}

function dataOf<Name extends MeshItem['event']>(items: readonly MeshItem[], name: Name, stepId?: string) {
  const found = items.find(
    ({ event, data }) => event === name && (!stepId || ('stepId' in data && data.stepId === stepId)),
  );
  if (!found) throw new Error(`no ${name}`);
  return found.data as Extract<MeshItem, { event: Name }>['data'];
}

function post(body: object, headers: Record<string, string> = {}): Promise<Response> {
  const sent = { 'content-type': 'application/json', ...headers };
  return fetch(`${stack.url}/v1/mesh/execute`, { method: 'POST', headers: sent, body: JSON.stringify(body) });
}

describe('a mesh execution', () => {
  test('carries out a chain in order, hands outputs on, and says what each step was done by and what it has cost', async () => {
    const steps = [
      { ...step('a', 'cost 0.25'), tags: ['coder'], estimatedCost: 0.3 },
      { ...step('b', 'say two', 'a'), estimatedCost: 0.01 },
      { ...step('c', 'tell {{ input }} ${a}', 'b'), model: 's1', estimatedCost: 0 },
    ];
    const items = await execute({ steps, budget: { usd: 5 }, context: { tone: 'brief' } });

    expect(lines(items)).toEqual([
      ...['a', 'b', 'c'].flatMap((id) => [`step-started ${id}`, `step-completed ${id}`]),
      'workflow-completed',
    ]);
    expect(dataOf(items, 'step-started', 'b')).toMatchObject({ layer: 1 });
    expect(dataOf(items, 'step-completed', 'a')).toEqual({
      runId: expect.any(String),
      stepId: 'a',
      output: 'paid 0.25',
      model: 'l1',
      endpoint: 'large',
      cost: 0.25,
      durationMs: expect.any(Number),
      cumulativeCost: 0.25,
    });
    expect(dataOf(items, 'step-completed', 'c')).toMatchObject({
      endpoint: 'small',
      model: 's1',
      cumulativeCost: 0.26,
    });
    expect(server.prompts[0]).toBe('Context:\n\n{"tone":"brief"}\n\ncost 0.25');
    expect(server.prompts[2]).toBe(
      'Context:\n\n{"tone":"brief"}\n\nResults of the steps before this one:\n\n## b\n\ntwo\n\ntell {{ input }} ${a}',
    );
    expect(dataOf(items, 'workflow-completed')).toMatchObject({
      status: 'succeeded',
      results: { a: 'paid 0.25', b: 'two', c: server.prompts[2] },
      totalCost: 0.26,
      costs: { a: 0.25, b: 0.01, c: 0 },
      layers: 3,
      durationMs: expect.any(Number),
      failedSteps: [],
      skippedSteps: [],
      abortedSteps: [],
    });
    const { usage, budget } = await client.runs.get(dataOf(items, 'workflow-completed').runId);
    expect([usage.usd, budget?.spent.usd]).toEqual([0.26, 0.26]);
  });

  test('carries out independent steps at once, and a diamond when both of its sides have ended, with what both have said', async () => {
    const steps = [
      step('top', 'say top'),
      step('left', 'hold left', 'top'),
      step('right', 'hold right', 'top'),
      step('far', 'say far', 'left'),
      step('end', 'tell', 'left', 'right'),
    ];
    const running = execute({ steps });
    await expect.poll(() => server.held(), SOON).toEqual(['left', 'right']);
    server.release('left');
    // Not layer by layer: it does not wait for the other side.
    await expect.poll(() => server.prompts.some((prompt) => prompt.endsWith('say far')), SOON).toBe(true);
    expect(server.prompts.some((prompt) => prompt.endsWith('tell'))).toBe(false);
    server.release('right');
    const items = await running;

    expect(dataOf(items, 'step-completed', 'end').output).toBe(
      'Results of the steps before this one:\n\n## left\n\nheld left\n\n## right\n\nheld right\n\ntell',
    );
    expect(lines(items).filter((line) => line.startsWith('step-started'))).toHaveLength(5);
    expect(dataOf(items, 'workflow-completed')).toMatchObject({ status: 'succeeded', layers: 3 });
  });

  test('goes on where a step fails: its siblings finish, what depends on it is skipped', async () => {
    const steps = [
      step('bad', 'fail'),
      step('good', 'hold good'),
      step('after-bad', 'say x', 'bad'),
      step('after-both', 'say x', 'good', 'after-bad'),
      step('after-good', 'say y', 'good'),
    ];
    const running = execute({ steps }, 'all');
    await expect.poll(() => server.held(), SOON).toEqual(['good']);
    server.release('good');
    const items = await running;

    expect(dataOf(items, 'step-failed', 'bad').error).toMatchObject({ code: expect.any(String), retryable: false });
    expect(dataOf(items, 'step-skipped', 'after-bad').reason).toBe('dependency_failed');
    expect(dataOf(items, 'workflow-completed')).toMatchObject({
      status: 'failed',
      results: { good: 'held good', 'after-good': 'y' },
      failedSteps: ['bad'],
      skippedSteps: expect.arrayContaining(['after-bad', 'after-both']),
    });
    expect(lines(items)).not.toContain('step-started after-bad');
  });

  test('tells more where that is asked for: the choice of the endpoint, retries, warnings of the budget', async () => {
    const steps = [
      { ...step('a', 'break one'), estimatedCost: 0 },
      { ...step('b', 'cost 0.9', 'a'), estimatedCost: 0.9 },
    ];
    const items = await execute({ steps, budget: { usd: 1 } }, 'all');

    expect(dataOf(items, 'model-selected', 'a')).toMatchObject({ endpoint: expect.stringMatching(/small|large/) });
    expect(dataOf(items, 'step-retrying', 'a')).toMatchObject({ attempt: 1, error: { retryable: true } });
    await expect
      .poll(async () => {
        const again = await told(client.mesh.follow(dataOf(items, 'workflow-completed').runId, { events: 'all' }));
        return dataOf(again, 'budget-warning');
      }, SOON)
      .toMatchObject({ unit: 'usd', limit: 1, spent: 0.9 });
    expect(lines(items).filter((line) => line === 'step-started a')).toHaveLength(1);
  });

  test('stops at its budget: what has begun ends, nothing else begins', async () => {
    const paid = (id: string, prompt: string, ...dependsOn: string[]) => ({
      ...step(id, prompt, ...dependsOn),
      estimatedCost: 0.1,
    });
    const steps = [
      paid('a', 'cost 0.6'),
      paid('b', 'say b', 'a'),
      paid('c', 'say c', 'a'),
      paid('d', 'say d', 'b', 'c'),
    ];
    const items = await execute({ steps, budget: { usd: 0.5 } });

    expect(lines(items)).toEqual(['step-started a', 'step-completed a', 'budget-exceeded', 'workflow-completed']);
    const { abortedSteps, ...exceeded } = dataOf(items, 'budget-exceeded');
    expect(exceeded).toEqual({ runId: expect.any(String), unit: 'usd', limit: 0.5, spent: 0.6 });
    expect(abortedSteps.toSorted()).toEqual(['b', 'c', 'd']);
    expect(dataOf(items, 'workflow-completed')).toMatchObject({ status: 'failed', totalCost: 0.6, skippedSteps: [] });
    expect(server.prompts).toHaveLength(1);
  });

  test('refuses steps that are estimated to cost more than the budget, and starts nothing', async () => {
    const before = await client.runs.list();
    const steps = [
      { ...step('a', 'say a'), estimatedCost: 0.3 },
      { ...step('b', 'say b'), estimatedCost: 0.3 },
    ];
    const answer = await post({ steps, budget: { usd: 0.5 } });

    expect(answer.status).toBe(402);
    expect(await answer.json()).toMatchObject({
      code: 'estimate_over_budget',
      errors: [{ code: 'estimate_over_budget', pointer: '/budget/usd' }],
    });
    expect(await client.runs.list()).toEqual(before);
    expect(server.prompts).toEqual([]);
  });

  test.each<[string, object, string]>([
    ['a circle', { steps: [step('a', 'x', 'b'), step('b', 'x', 'a')] }, 'cycle /steps/0/dependsOn/0'],
    ['a step that depends on itself', { steps: [step('a', 'x', 'a')] }, 'self_dependency /steps/0/dependsOn/0'],
    ['a step that is not there', { steps: [step('a', 'x', 'b')] }, 'missing_reference /steps/0/dependsOn/0'],
    ['an id that is given twice', { steps: [step('a', 'x'), step('a', 'x')] }, 'duplicate_name /steps/1/id'],
    ['no steps', { steps: [] }, 'no_steps /steps'],
    ['an id that can be none', { steps: [step('a/b', 'x')] }, 'bad_name /steps/0/id'],
    ['an unknown key', { steps: [{ ...step('a', 'x'), needs: [] }] }, 'unknown_key /steps/0/needs'],
    ['no prompt', { steps: [{ id: 'a' }] }, 'missing_field /steps/0/prompt'],
    ['nothing', {}, 'missing_field /steps'],
  ])('refuses %s with a code and a place of its own', async (_, body, expected) => {
    const answer = await post(body);
    const { errors } = (await answer.json()) as Problem;
    expect([answer.status, ...errors.map(({ code, pointer }) => `${code} ${pointer}`)]).toEqual([422, expected]);
  });

  test('can be left and joined again anywhere, and tells the same; its key starts it once', async () => {
    const request = { steps: [step('a', 'say a'), step('b', 'hold b', 'a'), step('c', 'say c', 'b')] };
    const first: MeshItem[] = [];
    for await (const item of client.mesh.execute(request, { idempotencyKey: 'join' })) {
      first.push(item);
      if (item.event === 'step-completed') break;
    }
    const { runId } = dataOf(first, 'step-completed', 'a');
    const rest = told(client.mesh.follow(runId, { after: first.at(-1)?.id ?? '' }));
    const twin = told(client.mesh.execute(request, { idempotencyKey: 'join' }));
    await expect.poll(() => server.held(), SOON).toEqual(['b']);
    server.release('b');

    const whole = lines(await told(client.mesh.follow(runId)));
    expect([...lines(first), ...lines(await rest)]).toEqual(whole);
    expect(lines(await twin)).toEqual(whole);
    expect(whole).toEqual([
      ...['a', 'b', 'c'].flatMap((id) => [`step-started ${id}`, `step-completed ${id}`]),
      'workflow-completed',
    ]);
    expect(server.prompts).toHaveLength(3);
    const other = await post({ steps: [step('x', 'say x')] }, { 'idempotency-key': 'join' });
    expect(other.status).toBe(409);
    expect(await (await fetch(`${stack.url}/v1/mesh/executions/${runId}/events?after=99`)).json()).toMatchObject({
      code: 'invalid_request',
    });
  });

  test('is cancelled as the run that it is', async () => {
    const answer = await post({ steps: [step('a', 'hold late'), step('b', 'say b', 'a')] });
    const runId = answer.headers.get('weft-run-id') ?? '';
    expect(answer.headers.get('location')).toBe(`/v1/mesh/executions/${runId}/events`);
    await expect.poll(() => server.held(), SOON).toEqual(['late']);
    await client.runs.cancel(runId);

    expect(await answer.text()).toContain('event: workflow-completed');
    const items = await told(client.mesh.follow(runId));
    expect(dataOf(items, 'workflow-completed')).toMatchObject({
      status: 'cancelled',
      cancelledSteps: ['a', 'b'],
      results: {},
    });
    server.release('late');
    const run = await client.runs.start({ workflow: { name: 'own', nodes: { a: { type: 'task', uses: 'echo' } } } });
    expect((await fetch(`${stack.url}/v1/mesh/executions/${run.id}/events`)).status).toBe(404);
  });
});

describe('weft mesh execute', () => {
  test('carries out the steps of a file, and ends with what came of them', async () => {
    const file = join(folder, 'steps.yaml');
    await writeFile(file, 'steps:\n  - { id: a, prompt: say hello }\n  - { id: b, prompt: fail, dependsOn: [a] }\n');
    const env = { WEFT_URL: stack.url };
    const result = await weft(['mesh', 'execute', file], { env });
    expect(result.code).toBe(1);
    expect(result.out).toBe('{\n  "a": "hello"\n}\n');
    expect(result.err).toMatch(/✓ a +(small|large)/);
    expect(result.err).toMatch(/✗ b .*\(/);
    const json = await weft(['--json', 'mesh', 'execute', file], { env });
    const events = json.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as MeshItem);
    expect(lines(events).at(-1)).toBe('workflow-completed');
    const again = await weft(['mesh', 'follow', dataOf(events, 'workflow-completed').runId], { env });
    expect([again.code, again.out]).toEqual([1, result.out]);
  });

  test('says everything that is wrong with a file', async () => {
    const file = join(folder, 'wrong.json');
    await writeFile(file, '{ "steps": [{ "id": "a", "prompt": "x", "dependsOn": ["b"] }] }');
    const result = await weft(['mesh', 'execute', file], { env: { WEFT_URL: stack.url } });
    expect(result.code).toBe(7);
    expect(result.err).toContain('there is no step "b" (missing_reference)');
  });
});
