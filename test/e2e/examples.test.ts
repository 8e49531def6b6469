/** The examples as a reader starts them: the whole stack as a process, what they talk to as another. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import type { Json, Run, RunPage, TaskPage } from '@weft/contract';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import type { DevProcess } from './dev-process.ts';
import { call, startDevProcess } from './dev-process.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');
const KEY = 'sk-canary-4711';

let dataDir: string;
let stack: DevProcess;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'weft-examples-'));
  vi.stubEnv('WEFT_SECRET_OPENAI_API_KEY', KEY);
  stack = await startDevProcess(dataDir, ['--handlers', join(EXAMPLES, 'software-squad', 'handlers.ts')]);
  for (const name of ['llm-chain', 'software-squad']) {
    const body = await readFile(join(EXAMPLES, name, 'workflow.yaml'));
    const headers = { 'content-type': 'application/yaml' };
    const saved = await fetch(`${stack.url}/v1/workflows`, { method: 'POST', headers, body });
    expect(await saved.json()).toMatchObject({ name, version: 1 });
  }
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await stack?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const run = (workflow: string, input: Json) => call<Run>(stack.url, '/v1/runs?wait=30s', { workflow, input });

const tasksOf = async ({ id }: Run) => (await call<TaskPage>(stack.url, `/v1/runs/${id}/tasks`)).items;

/** The example's own server, ended with its scope. */
async function startModel(...flags: string[]): Promise<AsyncDisposable & { baseUrl: string }> {
  const child = spawn(process.execPath, [join(EXAMPLES, 'llm-chain', 'server.mjs'), '0', ...flags]);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    baseUrl: /http:\S+/.exec(line.toString())?.[0] ?? '',
    async [Symbol.asyncDispose]() {
      child.kill();
      await once(child, 'exit');
    },
  };
}

async function generate(...flags: string[]): Promise<{ code: unknown; out: string }> {
  const script = join(EXAMPLES, 'software-squad', 'generate.mjs');
  const child = spawn(process.execPath, [script, '--url', stack.url, '--effort', '5', ...flags]);
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { code, out };
}

describe('the example llm-chain', () => {
  test.each([
    ['bug', 'The export fails with an error 500', 'draft-bug', 'which version'],
    ['billing', 'I was charged twice', 'draft-billing', 'Which invoice number'],
    ['question', 'Do you like trains?', 'draft-answer', 'handbook'],
  ])('takes the way of a %s, and counts the tokens of its three calls', async (kind, ticket, draft, words) => {
    await using model = await startModel();

    const ended = await run('llm-chain', { ticket, baseUrl: model.baseUrl });

    expect(ended).toMatchObject({ status: 'succeeded', output: { kind, answer: expect.stringContaining(words) } });
    const tasks = await tasksOf(ended);
    const drafts = tasks.filter((task) => task.node.startsWith('draft-') && task.status === 'succeeded');
    expect(drafts.map((task) => task.node)).toEqual([draft]);
    const roles = (ended.state['messages'] as { role: string }[]).map((message) => message.role);
    expect(roles).toEqual(['user', 'assistant', 'user', 'assistant']);
    const spent = tasks.filter((task) => task.usage.outputTokens > 0);
    expect(spent.map((task) => task.node)).toEqual(['classify', draft, 'polish']);
    expect(ended.usage).toEqual({
      inputTokens: spent.reduce((sum, task) => sum + task.usage.inputTokens, 0),
      outputTokens: spent.reduce((sum, task) => sum + task.usage.outputTokens, 0),
      usd: 0,
    });
    expect(JSON.stringify([ended, tasks])).not.toContain(KEY);
  });

  test('comes through although the model refuses some requests and breaks some streams off', async () => {
    await using model = await startModel('--busy');
    const input = { ticket: 'The export fails with an error 500', baseUrl: model.baseUrl };

    const first = await run('llm-chain', input);
    const second = await run('llm-chain', input);

    expect([first.status, second.status]).toEqual(['succeeded', 'succeeded']);
    expect(second.output).toEqual(first.output);
    const tasks = [...(await tasksOf(first)), ...(await tasksOf(second))];
    expect(tasks.reduce((sum, task) => sum + task.failures, 0)).toBeGreaterThan(2);
  });
});

describe('the example software-squad', () => {
  test('ships what its generator submits, also what a developer stumbled over', async () => {
    const { code, out } = await generate('--rate', '40', '--seconds', '1');

    expect({ code, last: out.trim().split('\n').at(-1) }).toEqual({
      code: 0,
      last: 'submitted 40 of 40, finished 40, failed 0',
    });
    const { items } = await call<RunPage>(stack.url, '/v1/runs?workflow=software-squad&limit=200');
    expect(items).toHaveLength(40);
    for (const item of items) expect(item.output).toMatchObject({ verdict: 'shipped' });
    const stumbled = items.filter((item) => (item.input as { stumbles: number }).stumbles > 0);
    expect(stumbled).toHaveLength(4);
    const builds = (await Promise.all(stumbled.map(tasksOf))).map((tasks) =>
      tasks.find((task) => task.node === 'build'),
    );
    expect(builds.map((build) => build?.failures)).toEqual([1, 1, 1, 1]);
  });

  test('takes single tasks, each for one role and with a priority of its own', async () => {
    const { code, out } = await generate('--rate', '30', '--seconds', '1', '--single');

    expect({ code, last: out.trim().split('\n').at(-1) }).toEqual({
      code: 0,
      last: 'submitted 30 of 30, finished 30, failed 0',
    });
    const { items } = await call<RunPage>(stack.url, '/v1/runs?tag=software-squad&limit=200');
    const single = items.filter((item) => item.workflow.name.startsWith('task:'));
    expect(new Set(single.map((item) => item.workflow.name)).size).toBe(3);
    expect(new Set(single.map((item) => item.priority))).toEqual(new Set(['low', 'normal', 'high']));
  });

  test('does not ship what is wrong, nor begins what nobody knows', async () => {
    const wrong = { title: 'slugs', steps: ['lower'], examples: [['A b', 'a-b']] };

    expect(await run('software-squad', wrong)).toMatchObject({
      status: 'failed',
      error: { code: 'qa_failed', message: 'slugs: "A b" became "a b", not "a-b"', details: { node: 'check' } },
    });
    expect(await run('software-squad', { ...wrong, steps: ['fly'] })).toMatchObject({
      status: 'failed',
      error: { code: 'bad_brief', details: { node: 'plan' } },
    });
  });
});
