/** Questions, breakpoints, signals and updates from the command line, against the real stack. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Run } from '@weft/contract';
import { createTestDatabase, type TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDev, type DevStack } from '../src/stack/start-dev.ts';
import { type CliResult, fakeStream, weft as weftHere } from './fake-terminal.ts';

const PATIENCE = { timeout: 20_000 };

let folder: string;
let database: TestDatabase;
let stack: DevStack;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-steer-'));
  database = await createTestDatabase();
  const options = { dataDir: folder, databaseUrl: database.url, handlersFile: null, log: 'file' as const };
  stack = await startDev({ host: '127.0.0.1', port: 0, ...options });
});

afterAll(async () => {
  await stack.stop();
  await database.drop();
  await rm(folder, { recursive: true });
});

const weft = (...args: string[]): Promise<CliResult> => weftHere(args, { env: { WEFT_URL: stack.url } });

async function start(name: string, nodes: object, rest: object = {}): Promise<string> {
  const file = join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify({ name, nodes, ...rest }));
  const { code, out, err } = await weft('run', file, '--detach');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out.trim();
}

async function show(id: string): Promise<Run> {
  return JSON.parse((await weft('show', id, '--json')).out);
}

async function interrupted(id: string): Promise<void> {
  await expect.poll(async () => (await show(id)).status, PATIENCE).toBe('interrupted');
}

const ask = { type: 'interrupt', message: 'Ship it?', answerSchema: { type: 'boolean' } };

describe('a question', () => {
  test('is listed, shown and answered, and a second answer is a conflict', async () => {
    const id = await start('ask', { ask, next: { type: 'task', uses: 'echo', needs: ['ask'], with: '${ask}' } });
    await interrupted(id);

    expect((await weft('interrupts')).out).toContain('Ship it?');
    expect((await weft('show', id)).out).toMatch(
      /ask .*asks: Ship it\?[\s\S]*weft answer \S+ \S+ --approve \| --reject/,
    );
    expect(await weft('answer', id, '--value', 'maybe')).toMatchObject({ code: 7 });
    const question = (await show(id)).interrupts?.[0]?.id ?? '';
    expect(await weft('answer', id, '--reject', '--by', 'ada', '--watch')).toMatchObject({ code: 0, out: 'false\n' });
    expect(await weft('answer', id, question, '--approve')).toMatchObject({ code: 5 });
    expect(await weft('answer', id, '--approve')).toMatchObject({ code: 5 });
  });

  test('is told to whoever waits for the run', async () => {
    const id = await start('told', { ask });
    await interrupted(id);
    const err = fakeStream();
    const watching = weftHere(['watch', id], {
      env: { WEFT_URL: stack.url },
      terminal: { out: fakeStream(), err },
    });
    await expect.poll(() => err.text(), PATIENCE).toMatch(/\? ask asks: Ship it\?\n {2}weft answer/);
    await weft('answer', id, '--approve');

    expect(await watching).toMatchObject({ code: 0 });
  });
});

describe('looking on', () => {
  test('top shows rates, lanes, workers and runs; as JSON the same', async () => {
    const id = await start('seen', { ask });
    await interrupted(id);
    const { code, out } = await weft('top', '--once');
    expect(code).toBe(0);
    expect(out).toMatch(/^[\d.]+ tasks\/s .* slots busy[\s\S]*\nLANE[\s\S]*\nWORKER[\s\S]*\nRUN/);
    expect(out).toContain(id);
    const sight = JSON.parse((await weft('top', '--once', '--json')).out);
    expect(sight).toMatchObject({ metrics: { heldBack: 0 }, workers: [{ status: 'active' }] });
    expect((await weft('top', '--every', '1ms')).code).toBe(2);
  });

  test('logs prints what a run has said, and approve answers it', async () => {
    const said = 'process.stdout.write("")';
    const events = `const fs = require("fs"); for (const line of [{ token: "one\\ntw" }, { token: "o" }, { custom: { message: "half way" } }]) fs.writeSync(3, JSON.stringify(line) + "\\n"); ${said}`;
    const talk = {
      type: 'task',
      uses: 'process',
      with: { command: process.execPath, args: ['-e', events], events: true },
    };
    const fails = {
      type: 'task',
      uses: 'process',
      with: { command: process.execPath, args: ['-e', 'process.exit(3)'] },
      onFailure: 'skipDependents',
    };
    const id = await start('logged', { talk, fails, ask: { ...ask, needs: ['talk'] } });
    await interrupted(id);
    const lines = (out: string) =>
      out
        .trim()
        .split('\n')
        .map((line) => line.replace(/^\S+ +/, '').replace(/ +/, ' '))
        .toSorted();
    await expect
      .poll(async () => lines((await weft('logs', id)).out), PATIENCE)
      .toEqual([expect.stringMatching(/^fails .*exit/), 'talk half way', 'talk one', 'talk two']);
    expect(lines((await weft('logs', id, '--node', 'talk')).out)).toEqual(['talk half way', 'talk one', 'talk two']);
    const following = weft('logs', '-f', id);
    expect(await weft('approve', id, '--watch')).toMatchObject({ code: 1 });
    expect((await following).code).toBe(0);
  });

  test('open prints where a run is to be seen, if there is one', async () => {
    const id = await start('opened', { ask });
    expect(await weft('open', id)).toMatchObject({ code: 0, out: `${stack.url}/runs/${id}\n` });
    expect(await weft('open', '01a00000-0000-7000-8000-000000000000')).toMatchObject({ code: 3 });
  });
});

test('a breakpoint is passed, after an update of the state', async () => {
  const state = { note: { type: 'string' } };
  const nodes = {
    a: { type: 'task', uses: 'echo', with: 1 },
    b: { type: 'task', uses: 'echo', needs: ['a'], with: 2 },
  };
  const id = await start('held', nodes, { state, interruptBefore: ['b'], output: '${state.note}' });
  await interrupted(id);

  expect((await weft('show', id)).out).toContain('b: a breakpoint holds the run before it');
  expect(await weft('resume', id, '--set', 'note=seen', '--watch')).toMatchObject({ code: 0, out: 'seen\n' });
  expect(await weft('resume', id)).toMatchObject({ code: 5 });
});

test('a signal ends its wait, and an update of the state says which step applied it', async () => {
  const nodes = { wait: { type: 'wait', signal: 'go', timeoutMs: 60_000 } };
  const id = await start('signalled', nodes, {
    state: { n: { type: 'number', reducer: 'add', default: 1 } },
    output: ['${wait}', '${state.n}'],
  });

  expect((await weft('state', id, '--set', 'n=2')).err).toMatch(/^applied by step \d+\n$/);
  expect(await weft('state', id, '--set', 'm=2')).toMatchObject({ code: 7 });
  expect((await weft('state', id, '--set', 'n=4', '--after', 'wait')).err).toBe('kept until wait settles\n');
  expect(await weft('signal', id, 'go', '--payload', 'now')).toMatchObject({ code: 0 });
  const { code, out } = await weft('watch', id);

  expect({ code, output: JSON.parse(out) }).toEqual({ code: 0, output: ['now', 7] });
  expect(await weft('signal', id, 'go')).toMatchObject({ code: 5 });
});

test('a run that waits moves to the version that was saved meanwhile, whose nodes run once it is answered', async () => {
  const rest = (text: string) => ({ ask, next: { type: 'task', uses: 'echo', needs: ['ask'], with: text } });
  const id = await start('moved', rest('old'));
  await interrupted(id);
  const other = await start('moved', {
    ...rest('new'),
    last: { type: 'task', uses: 'echo', needs: ['next'], with: 'last ${next}' },
  });
  await interrupted(other);

  expect((await weft('migrate', id, '--dry-run')).out).toBe(`${id} 1 -> 2 fits\n`);
  expect(await weft('migrate', '--all', 'moved')).toMatchObject({ code: 0, out: `${id} 1 -> 2 moved\n` });
  expect(await weft('answer', id, '--approve', '--watch')).toMatchObject({ code: 0, out: 'last new\n' });
  expect(await weft('migrate', id, '--to', '1')).toMatchObject({ code: 5 });
  expect((await weft('checkpoint', `${id}@1`)).code).toBe(0);
});
