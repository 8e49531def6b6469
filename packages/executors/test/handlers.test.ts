import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { HandlersFileError, loadHandlers } from '@weft/executors';
import { executorCall } from '@weft/testkit/conformance/executor';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-handlers-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function written(text: string, name = 'handlers.ts'): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

let files = 0;

/** Loads a new file with one handler `h` (a module is loaded once per name) and runs it. */
async function runHandler(body: string, parts: Parameters<typeof executorCall>[1] = {}) {
  files += 1;
  const executors = await loadHandlers(await written(`export default { h: ${body} };`, `${files}.ts`));
  const executor = executors.get('handler:h');
  if (executor === undefined) throw new Error('no handler');
  return executor.run(executorCall({ n: 20 }, parts));
}

describe('a handlers file', () => {
  test('gives its handlers a version, which is another one once its text is', async () => {
    const version = async (text: string, name: string) => {
      const executors = await loadHandlers(await written(text, name));
      return executors.get('handler:a')?.version;
    };
    const first = await version('export default { a: () => 1 };', 'v1.ts');

    expect(first).toEqual(expect.any(String));
    expect(await version('export default { a: () => 1 };', 'v2.ts')).toBe(first);
    expect(await version('export default { a: () => 2 };', 'v3.ts')).not.toBe(first);
  });

  test.each(['handlers.ts', 'handlers.js', 'handlers.mjs'])(
    'named %s gives one executor per function',
    async (name) => {
      const text = 'export default { a: async (input) => input, "Product Manager": () => 1 };';
      const executors = await loadHandlers(await written(text, name));

      expect([...executors.keys()]).toEqual(['handler:a', 'handler:Product Manager']);
      expect(executors.get('handler:a')?.type).toBe('handler:a');
    },
  );

  test.each([
    ['handlers_no_default', 'export const a = 1;'],
    ['handlers_no_default', 'export default [];'],
    ['handlers_no_default', 'export default () => 1;'],
    ['handler_not_function', 'export default { a: 1 };'],
    ['handler_bad_name', 'export default { "": () => 1 };'],
    ['handlers_unloadable', 'throw new Error("boom");'],
    ['handlers_unloadable', 'export default {'],
  ])('is refused with %s: %s', async (code, text) => {
    const file = await written(text, 'handlers.mjs');
    const error: unknown = await loadHandlers(file).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(HandlersFileError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(file) });
  });

  test('is refused when it is missing, a folder or of another kind', async () => {
    const other = await written('{}', 'handlers.json');

    await expect(loadHandlers(join(folder, 'none.ts'))).rejects.toMatchObject({ code: 'handlers_not_found' });
    await expect(loadHandlers(folder)).rejects.toMatchObject({ code: 'handlers_not_found' });
    await expect(loadHandlers(other)).rejects.toMatchObject({ code: 'handlers_not_found' });
  });
});

describe('a handler', () => {
  test('gets the input and what identifies its task', async () => {
    const outcome = await runHandler(
      '(input, { signal, log, heartbeat, artifacts, ...rest }) => { heartbeat(1); log("info", "x"); return { input, rest, signal: signal.aborted }; }',
      { runId: 'r', taskId: 't', attempt: 3, idempotencyKey: 'k' },
    );

    const rest = { runId: 'r', taskId: 't', attempt: 3, idempotencyKey: 'k' };
    expect(outcome).toEqual({ kind: 'succeeded', output: { input: { n: 20 }, rest, signal: false } });
  });

  test('returns anything that JSON can carry', async () => {
    expect(await runHandler('() => undefined')).toEqual({ kind: 'succeeded', output: null });
    expect(await runHandler('() => new Date(0)')).toEqual({ kind: 'succeeded', output: '1970-01-01T00:00:00.000Z' });
  });

  test.each([
    ['output_not_json', '() => new Map([[1, 2]])'],
    ['output_not_json', '() => { const a = []; a.push(a); return a; }'],
    ['output_not_json', '() => JSON.parse(\'{"__proto__":1}\')'],
    ['output_too_deep', '() => JSON.parse("[".repeat(100000) + "]".repeat(100000))'],
  ])('fails with %s when it returns what cannot be kept: %s', async (code, body) => {
    expect(await runHandler(body)).toMatchObject({ kind: 'failed', error: { code, retryable: false } });
  });

  test('that throws fails, retryable', async () => {
    expect(await runHandler('async () => { throw new Error("boom"); }')).toEqual({
      kind: 'failed',
      error: { code: 'handler_failed', message: 'boom', retryable: true },
    });
    expect(await runHandler('() => { throw undefined; }')).toMatchObject({ error: { code: 'handler_failed' } });
    expect(await runHandler('() => { throw Object.create(null); }')).toMatchObject({
      error: { code: 'handler_failed' },
    });
  });

  test('may say in its error how it failed', async () => {
    const body = '() => { throw Object.assign(new Error("no"), { code: "out_of_stock", retryable: false }); }';

    expect(await runHandler(body)).toMatchObject({ error: { code: 'out_of_stock', retryable: false } });
  });

  test('may ask for a pause before the next attempt, at most an hour', async () => {
    const asking = (ms: string) => `() => { throw Object.assign(new Error("later"), { retryAfterMs: ${ms} }); }`;

    expect(await runHandler(asking('1500'))).toMatchObject({ retryAfterMs: 1500 });
    expect(await runHandler(asking('1e12'))).toMatchObject({ retryAfterMs: 3_600_000 });
    expect(await runHandler(asking('-1'))).not.toHaveProperty('retryAfterMs');
    expect(await runHandler(asking('NaN'))).not.toHaveProperty('retryAfterMs');
  });

  test('whose error has the code of the system fails with handler_failed', async () => {
    const body = '() => { throw Object.assign(new Error("x"), { code: "ENOENT" }); }';

    expect(await runHandler(body)).toMatchObject({ error: { code: 'handler_failed', retryable: true } });
  });
});

describe('a handler whose signal is aborted', () => {
  test('ends as aborted when it obeys', async () => {
    const controller = new AbortController();
    const running = runHandler(
      '(input, { signal, heartbeat }) => new Promise((_, no) => { signal.onabort = () => no(signal.reason); heartbeat(); })',
      { signal: controller.signal, heartbeat: () => queueMicrotask(() => controller.abort(new Error('timeout'))) },
    );

    expect(await running).toMatchObject({ error: { code: 'aborted', message: expect.stringContaining('timeout') } });
  });

  test('is left behind within a second when it does not, with a warning', async () => {
    const controller = new AbortController();
    const warnings: string[] = [];
    let abortedAt = 0;
    const outcome = await runHandler('(input, { heartbeat }) => { heartbeat(); return new Promise(() => {}); }', {
      signal: controller.signal,
      log: (level, message) => warnings.push(`${level}: ${message}`),
      heartbeat: () =>
        setImmediate(() => {
          abortedAt = performance.now();
          controller.abort(new Error('cancel'));
        }),
    });

    expect(performance.now() - abortedAt).toBeLessThan(1_000);
    expect(outcome).toMatchObject({ error: { code: 'aborted' } });
    expect(warnings).toEqual([expect.stringContaining('warn: the handler goes on')]);
  });
});
