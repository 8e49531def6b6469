/** weft record, on the real stack: a run is written to a file, and weft test plays it again. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDev, type DevStack } from '../src/stack/start-dev.ts';
import { type CliResult, weft as weftHere } from './fake-terminal.ts';

let folder: string;
let database: TestDatabase;
let stack: DevStack;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-record-'));
  database = await createTestDatabase();
  const handlersFile = join(folder, 'handlers.mjs');
  await writeFile(
    handlersFile,
    `export default {
  flaky: async (input, { attempt }) => {
    if (attempt === 1) throw Object.assign(new Error('busy'), { code: 'busy' });
    return { output: input.n * 2, stateUpdates: { seen: [input.n] } };
  },
};\n`,
  );
  const options = { dataDir: folder, databaseUrl: database.url, handlersFile, log: 'file' as const };
  stack = await startDev({ host: '127.0.0.1', port: 0, ...options });
});

afterAll(async () => {
  await stack?.stop();
  await database?.drop();
  await rm(folder, { recursive: true });
});

const weft = (...args: string[]): Promise<CliResult> => weftHere(args, { env: { WEFT_URL: stack.url } });

const WORKFLOW = `name: recorded
state: { seen: { type: array, reducer: append, default: [] } }
nodes:
  each: { type: send, items: "\${input.list}", target: one }
  one: { type: task, uses: handler:flaky, with: { n: "\${item}" }, retry: { maxAttempts: 2, initialMs: 5 } }
  ask: { type: interrupt, message: Enough?, needs: [each] }
  enough: { type: route, on: "nodes.ask ? 'yes' : 'no'", routes: { yes: end, no: __end__ }, needs: [ask] }
  end: { type: task, uses: echo, with: "\${each}" }
`;

describe('weft record', () => {
  test('writes a run that has ended, which goes the same way again until the workflow changes', async () => {
    const file = join(folder, 'workflow.yaml');
    await writeFile(file, WORKFLOW);
    const id = (await weft('run', file, '-i', 'list=[1,2,3]', '--detach')).out.trim();
    await expect
      .poll(async () => JSON.parse((await weft('show', id, '--json')).out).status, { timeout: 20_000 })
      .toBe('interrupted');
    const early = await weft('record', id);
    await weft('answer', id, '--approve', '--watch');
    const recording = join(folder, 'one.weft-recording.json');
    const recorded = await weft('record', id, '-o', recording);

    expect(early).toMatchObject({ code: 5, err: expect.stringContaining('has not ended (interrupted)') });
    expect(recorded).toMatchObject({ code: 0, err: expect.stringContaining(`is recorded in ${recording}`) });
    expect(await weft('test', recording)).toMatchObject({
      code: 0,
      out: expect.stringContaining(`✓ run ${id} goes as recorded`),
      err: '1 passed, 0 failed\n',
    });
    await writeFile(file, WORKFLOW.replace("'yes' : 'no'", "'no' : 'yes'"));
    const changed = await weft('test', recording);
    expect(changed).toMatchObject({ code: 1 });
    expect(changed.out).toContain(
      'path: not as in the recorded run\n    - ... ask → enough → end\n    + ... ask → enough\n',
    );
    const { attempts, ended } = JSON.parse(await readFile(recording, 'utf8'));
    expect(ended).toMatchObject({ status: 'succeeded', output: { end: [2, 4, 6] } });
    expect(attempts['each#0[1]/one#0']).toMatchObject([
      { result: 'failed' },
      { result: 'succeeded', output: 4, stateUpdates: { seen: [2] } },
    ]);
  });

  test('gives it to the standard output, and knows no run that is not there', async () => {
    const { out } = await weft('run', join(folder, 'workflow.yaml'), '-i', 'list=[]', '--detach');
    await weft('cancel', out.trim());

    expect(JSON.parse((await weft('record', out.trim(), '-o', '-')).out)).toMatchObject({
      weftRecording: 1,
      ended: { status: 'cancelled' },
    });
    expect(await weft('record', '0198a000-0000-7000-8000-000000000000')).toMatchObject({ code: 3 });
  });
});
