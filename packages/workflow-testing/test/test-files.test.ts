import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { findTests, runTestFiles } from '../src/index.ts';
import type { CaseReport } from '../src/index.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-testing-'));
  await write(
    'workflow.yaml',
    `name: flow
state: { log: { type: array, reducer: append, default: [] } }
nodes:
  fetch: { type: task, uses: http, with: { id: "\${input.id}" }, retry: { maxAttempts: 3 } }
  ask: { type: interrupt, message: Go?, expiresMs: 60000, needs: [fetch] }
  paid: { type: wait, signal: paid, needs: [ask] }
  end: { type: task, uses: echo, with: { got: "\${fetch}", paid: "\${paid}" }, needs: [paid], output: log }
`,
  );
});

afterEach(() => rm(folder, { recursive: true }));

async function write(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, text);
  return file;
}

async function run(cases: string): Promise<CaseReport[]> {
  const { cases: reports, broken } = await runTestFiles([await write('a.weft-test.yaml', `cases:\n${cases}`)]);
  expect(broken).toEqual([]);
  return reports;
}

/** Each failure as its place in the file and its message. */
function told({ failures }: CaseReport): string[] {
  return failures.map(({ place, message }) => `${place.slice(folder.length + 1)} ${message}`);
}

describe('a test file', () => {
  test('says in YAML what happens and what is expected', async () => {
    const reports = await run(`
  - name: all at once
    input: { id: 7 }
    nodes: { fetch: [{ fails: busy, times: 2 }, { returns: { ok: true }, takes: 2s }] }
    answers: { ask: sure }
    signals: [{ name: paid, payload: 5, after: 1h }]
    inject: [{ updates: { log: injected }, afterNode: fetch }]
    expect:
      status: succeeded
      output: { got: { ok: true }, paid: 5 }
      state: { log: [injected, { paid: 5 }] }
      error: null
      path: [fetch, ask, paid, end]
      called: { fetch: 3, end: 1 }
      inputs: { fetch: [{ id: 7 }, { id: 7 }, { id: 7 }] }
      tasks: { end: succeeded, 'fetch#0': succeeded }
      duration: 1h
  - name: expires
    nodes: { fetch: { returns: 1 } }
    letExpire: true
    expect: { status: failed, error: { code: interrupt_expired } }
  - name: is cancelled
    nodes: { fetch: { returns: 1 } }
    answers: [{ node: ask, value: 1, after: 1s }]
    cancelAfter: 5s
    expect: { status: cancelled, duration: 5s }
  - name: in any order, and with crashes
    nodes: { fetch: { returns: 1, takes: 1s } }
    crashAt: [1, 3]
    seeds: 3
    expect: { status: interrupted, waiting: [ask] }
`);

    expect(reports.map((report) => [report.name, told(report)])).toEqual([
      ['all at once', []],
      ['expires', []],
      ['is cancelled', []],
      ['in any order, and with crashes', []],
    ]);
  });

  test('tells each expectation that does not hold, with its line', async () => {
    const [report] = await run(`
  - name: wrong
    nodes: { fetch: { returns: { ok: true } } }
    expect:
      status: succeeded
      path: [fetch, ask]
      called: { fetch: 2 }
      state:
        log: [1]
`);

    expect(report && told(report)).toEqual([
      'a.weft-test.yaml:6:7 status: expected "succeeded", received "interrupted" (it waits: ask for answer)',
      'a.weft-test.yaml:10:9 state/log: expected [1], received []',
      'a.weft-test.yaml:7:7 path: expected ["fetch","ask"], received ["fetch"]',
      'a.weft-test.yaml:8:17 called/fetch: expected 2, received 1',
    ]);
  });

  test('names nodes that do not exist, with the ones that were meant', async () => {
    const [report] = await run(`
  - name: mistyped
    nodes: { fetsh: { returns: 1 } }
    answers: [{ node: fetch2, value: 1 }]
    crashAfter: [endd]
    expect:
      called: { fetchh: 1 }
`);

    expect(report && told(report)).toEqual([
      'a.weft-test.yaml:4:14 the workflow "flow" has no node "fetsh"; did you mean "fetch"?',
      'a.weft-test.yaml:5:17 the workflow "flow" has no node "fetch2"; did you mean "fetch"?',
      'a.weft-test.yaml:6:18 the workflow "flow" has no node "endd"; did you mean "end"?',
      'a.weft-test.yaml:8:17 the workflow "flow" has no node "fetchh"; did you mean "fetch"?',
    ]);
  });

  test('that is wrong itself is told with every error and its line', async () => {
    const file = await write(
      'bad.weft-test.yaml',
      `cases:
  - name: a
    nodes: { fetch: { retuns: 1 } }
    signals: [{ name: x, after: soon }]
    expct: {}
  - name: b
    nodes: { fetch: [{ returns: 1, fails: x }] }
    expect: { status: done }
`,
    );
    const { broken, cases } = await runTestFiles([file, await write('worse.weft-test.yaml', 'cases: [')]);

    expect(cases).toEqual([]);
    expect(broken[0]?.lines.map((line) => line.slice(folder.length + 1))).toEqual([
      expect.stringMatching(/^bad\.weft-test\.yaml:3:23: unknown key "retuns"; did you mean "returns"\?/),
      expect.stringMatching(/^bad\.weft-test\.yaml:4:26: a duration is/),
      expect.stringMatching(/^bad\.weft-test\.yaml:5:5: unknown key "expct"; did you mean "expect"\?/),
      expect.stringMatching(/^bad\.weft-test\.yaml:7:22: an attempt does one thing/),
      expect.stringMatching(/^bad\.weft-test\.yaml:8:15: /),
    ]);
    expect(broken[1]?.lines[0]).toMatch(/worse\.weft-test\.yaml:1:\d+: /);
  });

  test('is an error where the case cannot be carried out, and the others go on', async () => {
    const reports = await run(`
  - name: nothing is said of fetch
    expect: { status: succeeded }
  - name: fine
    nodes: { fetch: { notTaken: true } }
    expect: { status: running }
`);

    expect(reports).toMatchObject([{ ok: false, error: true }, { ok: true }]);
    expect(reports[0]?.failures[0]?.message).toContain('the node "fetch" of "flow" was reached');
  });

  test('says with which seed the order matters', async () => {
    await write(
      'race/workflow.yaml',
      `name: race
state: { won: { type: string } }
nodes:
  a: { type: task, uses: echo, with: a, output: won }
  b: { type: task, uses: echo, with: b, output: won }
`,
    );
    const file = await write(
      'race/race.weft-test.yaml',
      'cases: [{ name: who, seeds: 20, expect: { state: { won: b } } }]',
    );
    const { cases } = await runTestFiles([file]);

    expect(cases[0]?.failures[0]?.message).toMatch(/^with seed \d+: state\/won: expected "b", received "a"$/);
  });
});

describe('the search for tests', () => {
  test('looks through folders, and refuses what is no test', async () => {
    const a = await write('deep/er/a.weft-test.yaml', '');
    await write('node_modules/x/b.weft-test.yaml', '');
    const c = await write('c.weft-recording.json', '');
    const other = await write('other.yaml', '');

    expect(await findTests([folder, c])).toEqual([c, a].toSorted());
    await expect(findTests([other])).rejects.toThrow('is no test');
    await expect(findTests([join(folder, 'none')])).rejects.toThrow('there is no file or folder');
  });
});
