/** The examples of sends, loops, questions and child runs, as their pages say: the stack, and the command line beside it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import type { Json, JsonObject, Run } from '@weft/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { DevProcess } from './dev-process.ts';
import { call, startDevProcess } from './dev-process.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'apps', 'cli', 'src', 'main.ts');
const SOON = { timeout: 30_000, interval: 50 };

let dataDir: string;
let stack: DevProcess;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'weft-flow-'));
});

afterAll(async () => {
  await rm(dataDir, { recursive: true, force: true });
});

/** Holds a stack with the handlers of an example, if it has some, while the tests of the block run. */
function withStack(example: string | null): void {
  beforeAll(async () => {
    const handlers = example === null ? [] : ['--handlers', join(ROOT, 'examples', example, 'handlers.ts')];
    stack = await startDevProcess(dataDir, handlers);
  });
  afterAll(() => stack?.stop());
}

type Said = { code: unknown; out: string; err: string };

async function weft(...args: string[]): Promise<Said> {
  const child = spawn(process.execPath, [MAIN, '--url', stack.url, ...args], { cwd: ROOT });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, out, err };
}

async function detached(...args: string[]): Promise<string> {
  const { out } = await weft('run', ...args, '--detach');
  return out.trim();
}

const runOf = (id: string) => call<Run>(stack.url, `/v1/runs/${id}`);
const statusOf = async (id: string) => (await runOf(id)).status;

describe('the example map-reduce', () => {
  withStack('map-reduce');

  test('counts 10,000 texts and puts them together, on a page of output', async () => {
    const { code, out, err } = await weft('run', 'examples/map-reduce', '--watch');

    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      texts: 10_000,
      words: 105_000,
      most: 'lane',
      first: { text: 0, words: 1, most: 'mesh' },
      last: { text: 9999, words: 20, most: 'lane' },
    });
    expect(err).toContain('5000 of 10000 items');
    expect(err).toContain('✓ count: 10000 succeeded');
    expect(err.split('\n').length).toBeLessThan(25);
    const id = /^run (\S+)/m.exec(err)?.[1] ?? '';
    expect((await weft('show', id)).out).toMatch(/each +10000 of 10000 items\n[^]*count +10000 succeeded/);
  });
});

describe('the example improve-loop', () => {
  withStack('improve-loop');

  test('tries until the slogan is good', async () => {
    const { code, out } = await weft('run', 'examples/improve-loop', '-i', 'topic=Weft');

    expect(code).toBe(0);
    const { slogan, tried } = JSON.parse(out) as { slogan: string; tried: JsonObject[] };
    expect(slogan).toBe('Weft: never loses a step (100 of 100)');
    expect(tried.map(({ round, score }) => [round, score])).toEqual([[0, 10], [1, 40], [2, 70], [3, 100]]); // prettier-ignore
  });

  test('gives up after five', async () => {
    const { code, err } = await weft('run', 'examples/improve-loop', '-i', 'topic=Weft', '-i', 'goal=101');

    expect(code).toBe(1);
    expect(err).toContain('max_iterations: the loop to write has run 5 times');
  });
});

describe('the example superstep', () => {
  withStack('superstep');

  test('lets both sides speak in rounds, of which neither hears the other before the round is over', async () => {
    const { code, out } = await weft('run', 'examples/superstep', '-i', 'topic=A feast');

    expect(code).toBe(0);
    const { verdict, transcript } = JSON.parse(out) as { verdict: string; transcript: JsonObject[] };
    expect(verdict).toBe('3 : 2');
    expect(transcript.map(({ side, says, answers }) => [side, says, answers])).toEqual([
      ['con', 'A feast: it costs money', null],
      ['pro', 'A feast: it saves time', null],
      ['con', 'A feast: nobody has asked for it', 'A feast: it saves time'],
      ['pro', 'A feast: everybody learns from it', 'A feast: it costs money'],
      ['con', 'nothing more', 'A feast: everybody learns from it'],
      ['pro', 'A feast: it was worth it the last time', 'A feast: nobody has asked for it'],
    ]);
  });
});

describe('the example approval', () => {
  withStack(null);

  async function asked(...input: string[]): Promise<string> {
    const id = await detached('examples/approval', '-i', 'item=chairs', '-i', 'amount=900', ...input);
    await expect.poll(() => statusOf(id), SOON).toBe('interrupted');
    return id;
  }

  test('buys what somebody approves, once, with what the form says', async () => {
    const id = await asked();
    const wrong = await weft('answer', id, '--value', '{"approved":"yes"}');
    expect([wrong.code, wrong.err]).toEqual([7, expect.stringContaining('approved')]);

    const form = '{"approved":true,"limit":850,"comment":"the cheap ones"}';
    expect((await weft('answer', id, '--value', form, '--by', 'grace')).code).toBe(0);
    const second = await weft('answer', id, 'ask', '--value', '{"approved":false}', '--by', 'ada');
    expect(second.code).toBe(5);

    const { out } = await weft('watch', id);
    const bought = { bought: 'chairs', limit: 850, comment: 'the cheap ones' };
    expect(JSON.parse(out)).toEqual({ bought, refused: null });
  });

  test('takes one of two answers that come at once', async () => {
    const id = await asked();
    const [question] = (await runOf(id)).interrupts ?? [];
    const answer = (value: Json) =>
      fetch(`${stack.url}/v1/runs/${id}/resume`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ answers: { [question?.id ?? '']: value } }),
      });
    const both = await Promise.all([answer({ approved: true }), answer({ approved: false })]);

    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
  });

  test('does not buy what nobody has answered for in time', async () => {
    const { out } = await weft('run', 'examples/approval/impatient.yaml', '-i', 'item=chairs', '-i', 'amount=900');

    expect(JSON.parse(out)).toEqual({ bought: null, refused: { refused: 'chairs', comment: 'nobody has answered' } });
  });

  test('asks nobody for little', async () => {
    const { out } = await weft('run', 'examples/approval', '-i', 'item=pens', '-i', 'amount=5');
    expect(JSON.parse(out)).toMatchObject({ bought: { bought: 'pens' }, refused: null });
  });
});

describe('the example nullboiler', () => {
  withStack(null);

  test('runs a workflow of NullBoiler that has nothing but what is supported', async () => {
    const source = await readFile(join(ROOT, 'examples', 'nullboiler', 'release.json'), 'utf8');
    await call(stack.url, '/v1/workflows?format=nullboiler', JSON.parse(source));
    const id = await detached('release', '-i', 'parts=["api"]', '-i', 'size=big');
    await expect.poll(() => statusOf(id), SOON).toBe('interrupted');
    expect((await weft('answer', id, '--value', '"yes"')).code).toBe(0);

    await expect
      .poll(() => runOf(id), SOON)
      .toMatchObject({
        status: 'succeeded',
        output: { parts: ['api', 'notes'], size: 'big', released: 1 },
      });
  });
});

describe('the example orders', () => {
  withStack(null);

  test('runs each order by itself, and closes the day on a signal', async () => {
    await weft('run', 'examples/orders/order.yaml', '-i', 'id=A-0', '-i', 'amount=1');
    const id = await detached('examples/orders', '--input', 'examples/orders/orders.json');
    await expect.poll(async () => (await weft('show', id)).out, SOON).toMatch(/close +waits for a signal/);
    expect((await weft('signal', id, 'close-the-day', '--payload', '{}')).code).toBe(7);
    expect((await weft('signal', id, 'close-the-day', '--payload', '{"by":"grace"}')).code).toBe(0);

    const { code, out } = await weft('watch', id);
    expect([code, JSON.parse(out)]).toEqual([0, { by: 'grace', shipped: ['A-1', 'A-3'], failed: 1 }]);
  });
});
