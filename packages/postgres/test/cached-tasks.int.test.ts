import type { JsonObject, WorkflowDocument } from '@weft/contract';
import { createMemoryBroker } from '@weft/embedded';
import type { ExecutorCall, Outcome, Secrets } from '@weft/engine/ports';
import { viewTask } from '@weft/engine/runtime';
import { createRig, createTestDatabase } from '@weft/testkit';
import type { Rig, TestDatabase } from '@weft/testkit';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

const SOON = { timeout: 10_000, interval: 10 };
const HOUR_MS = 3_600_000;
const TOKEN = 'tok-5f0c9a';

/** A document whose one task is named by what it is about, so that tests have nothing in common. */
function cached(about: string, parts: JsonObject = {}): WorkflowDocument {
  const a = { type: 'task', uses: 'work', with: { about }, cache: { ttlMs: HOUR_MS }, ...parts };
  const state = { total: { type: 'number', reducer: 'add', default: 0 } };
  return { name: about, state, output: { a: '${a}', total: '${state.total}' }, nodes: { a } } as WorkflowDocument;
}

type Call = Pick<ExecutorCall, 'input' | 'runId' | 'signal'> & { end: (outcome: Outcome) => void };

let database: TestDatabase;
let client: Client;
let one: Rig;
let two: Rig;
/** The calls of the executor that have not ended, or all of them, in order. */
let calls: Call[] = [];
let answers: ((call: ExecutorCall) => Outcome) | null = null;

/** Ends a call as the test says, or waits for the test to do so; it obeys its signal. */
async function work(call: ExecutorCall): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  calls.push({ ...call, end: resolve });
  if (answers) resolve(answers(call));
  const aborted: Outcome = { kind: 'failed', error: { code: 'aborted', message: 'aborted', retryable: true } };
  call.signal.addEventListener('abort', () => resolve(aborted), { once: true });
  return promise;
}

const secrets: Secrets = {
  resolve: (input, paths) => ({
    kind: 'resolved',
    input: paths.length > 0 ? { ...(input as object), token: TOKEN } : input,
    secrets: [TOKEN],
  }),
  redact: (value) => value,
  redactText: () => null,
  redactOutcome: (outcome) => JSON.parse(JSON.stringify(outcome).replaceAll(TOKEN, '***')) as Outcome,
};

beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  const options = { url: database.url, broker: createMemoryBroker(), slots: 40, executors: { work }, secrets };
  one = await createRig({ ...options, resultLeaseMs: 1000 });
  two = await createRig({ ...options, resultLeaseMs: 1000 });
});

afterAll(async () => {
  await one.stop();
  await two.stop();
  await client.end();
  await database.drop();
});

beforeEach(() => {
  calls = [];
  answers = null;
});

const succeeding = (output: string) => (): Outcome => ({ kind: 'succeeded', output });

/** Lets time pass for what is stored. */
async function elapse(ms: number): Promise<void> {
  await client.query(
    `update result_cache set stored_at = stored_at - $1::interval, expires_at = expires_at - $1::interval`,
    [`${ms} milliseconds`],
  );
}

async function factsOf(runId: string): Promise<unknown> {
  const steps = await one.store.reader.steps(runId, { afterStep: 0, limit: 100 });
  return steps.find(({ type }) => type === 'task_succeeded')?.facts.tasks?.[0];
}

describe('cached tasks on one database', () => {
  test('are run once where fifty equal ones come to two workers at the same time', async () => {
    const document = cached('fifty');
    const ids = await Promise.all(Array.from({ length: 50 }, (_, n) => (n % 2 ? one : two).start(document)));
    await expect.poll(() => (one.worker?.running ?? 0) + (two.worker?.running ?? 0), SOON).toBe(50);
    const usage = { inputTokens: 10, outputTokens: 20, usd: 0.5 };
    calls[0]?.end({ kind: 'succeeded', output: 'x', stateUpdates: { total: 3 }, usage });
    const runs = await Promise.all(ids.map((id) => one.ended(id)));

    expect(calls).toHaveLength(1);
    expect(runs.map(({ head, output }) => [head.status, output])).toEqual(
      ids.map(() => ['succeeded', { a: 'x', total: 3 }]),
    );
    const facts = await Promise.all(ids.map(factsOf));
    const own = { key: 'a#0', status: 'succeeded', attempt: 1 };
    expect(facts.filter((fact) => JSON.stringify(fact) === JSON.stringify(own))).toHaveLength(1);
    expect(facts.filter((fact) => JSON.stringify(fact) === JSON.stringify({ ...own, cached: true }))).toHaveLength(49);
    expect(runs.reduce((sum, run) => sum + run.usage.inputTokens, 0)).toBe(10);
    const counters = [one, two].map(({ worker }) => worker?.cacheCounters ?? { shared: 0, misses: 0 });
    expect(counters.reduce((sum, { shared }) => sum + shared, 0)).toBe(49);
    expect(counters.reduce((sum, { misses }) => sum + misses, 0)).toBe(1);
  });

  test('take what was stored, and show it', async () => {
    answers = succeeding('x');
    const [first, second] = [await one.run(cached('shown')), await two.run(cached('shown'))];
    const graphs = one.engine.graphs;
    const view = async (id: string) => {
      const task = (await one.tasks(id))['a#0'];
      return viewTask({ reader: one.store.reader, loadGraph: (ref) => graphs.load(ref) }, 'default', task?.id ?? '');
    };

    expect(calls).toHaveLength(1);
    expect(second.output).toEqual(first.output);
    expect(await view(first.head.id)).not.toHaveProperty('cached');
    expect(await view(second.head.id)).toMatchObject({
      status: 'succeeded',
      output: 'x',
      cached: true,
      usage: { inputTokens: 0, outputTokens: 0, usd: 0 },
    });
  });

  test('run again once the time to live of the result is over', async () => {
    answers = succeeding('x');
    await one.run(cached('old'));
    await elapse(HOUR_MS - 10_000);
    await one.run(cached('old'));
    expect(calls).toHaveLength(1);

    await elapse(20_000);
    await one.run(cached('old'));
    expect(calls).toHaveLength(2);
  });

  test('run again after a failure', async () => {
    answers = () => ({ kind: 'failed', error: { code: 'boom', message: 'it broke', retryable: false } });
    expect((await one.run(cached('broken'))).head.status).toBe('failed');
    answers = succeeding('x');

    expect((await one.run(cached('broken'))).output).toEqual({ a: 'x', total: 0 });
    expect(calls).toHaveLength(2);
  });

  test('go on with another one when the run of the one that ran is cancelled', async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, () => one.start(cached('cancelled'))));
    await expect.poll(() => calls.length, SOON).toBe(1);
    const led = calls[0]?.runId ?? '';
    await one.engine.cancelRun({ tenant: 'default', runId: led, reason: 'enough' });
    await expect.poll(() => calls.length, SOON).toBe(2);
    expect(calls[0]?.signal.aborted).toBe(true);
    calls[1]?.end({ kind: 'succeeded', output: 'x' });
    const runs = await Promise.all(ids.map((id) => one.ended(id)));

    expect(runs.filter(({ head }) => head.status === 'cancelled').map(({ head }) => head.id)).toEqual([led]);
    expect(runs.filter(({ output }) => JSON.stringify(output) === '{"a":"x","total":0}')).toHaveLength(5);
    expect(calls).toHaveLength(2);
  });

  test('go on with another one when the worker of the one that ran is gone', async () => {
    answers = succeeding('x');
    await one.run(cached('dead'));
    // As a leader leaves it that was killed: a lease that nobody renews, and no result.
    await client.query(`update result_cache set holder = 'dead', lease_until = now() + interval '800 milliseconds',
      output = null, stored_at = null, expires_at = null`);
    const startedAt = performance.now();
    await two.run(cached('dead'));

    expect(calls).toHaveLength(2);
    expect(performance.now() - startedAt).toBeGreaterThan(600);
  });

  test('leave no secret in the store', async () => {
    answers = ({ input }) => ({ kind: 'succeeded', output: (input as { token: string }).token });
    const document = cached('secret', { with: { about: 'secret', token: { secret: 'TOKEN' } } });
    await one.run(document);
    const run = await two.run(document);

    expect(calls.map(({ input }) => input)).toEqual([{ about: 'secret', token: TOKEN }]);
    expect(run.output).toEqual({ a: '***', total: 0 });
    const { rows } = await client.query<{ text: string }>('select c::text as text from result_cache c');
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter(({ text }) => text.includes(TOKEN))).toEqual([]);
  });

  test('run where the table cannot be used', async () => {
    await client.query('alter table result_cache rename to away');
    try {
      answers = succeeding('x');
      const runs = await Promise.all([one.run(cached('away')), two.run(cached('away'))]);

      expect(runs.map(({ head }) => head.status)).toEqual(['succeeded', 'succeeded']);
    } finally {
      await client.query('alter table away rename to result_cache');
    }
  });
});
