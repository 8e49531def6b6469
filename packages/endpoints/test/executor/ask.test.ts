import { describe, expect, test } from 'vitest';

import { broken, endpoint, rigOf, said } from './rig.ts';

describe('a task with a prompt', () => {
  test('is answered by the endpoint that is chosen, and says which one, why, and what it has cost', async () => {
    const price = { inputPerMTok: 2, outputPerMTok: 10, perCall: 0.001 };
    const usage = { inputTokens: 1000, outputTokens: 100, usd: 0 };
    const rig = rigOf({
      endpoints: [endpoint('small', { tags: ['fast'], model: 'm1', price }), endpoint('other', { tags: ['slow'] })],
      answer: () => said({ yes: 1 }, { usage }),
    });
    const outcome = await rig.run({ prompt: 'What?', system: 'Be short.', tags: ['fast'] });

    expect(outcome).toMatchObject({
      kind: 'succeeded',
      output: { yes: 1 },
      usage: { ...usage, usd: 0.004 },
      placed: {
        endpoint: 'small',
        model: 'm1',
        why: { endpoint: 'small', leftOut: [{ name: 'other', reason: 'tags' }] },
      },
    });
    expect(rig.calls[0]).toMatchObject({
      prompt: 'What?',
      messages: [
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: 'What?' },
      ],
      sessionKey: expect.stringMatching(/^run_.+_step_.+$/),
    });
  });

  test('goes to an endpoint that it has not tried when another one has failed', async () => {
    const rig = rigOf({
      endpoints: [endpoint('a'), endpoint('b')],
      answer: ({ target }) => (target.name === 'a' ? broken() : said('b it is')),
    });
    const outcomes = await rig.runAll({ endpoint: { prefer: ['a'] } });

    expect(outcomes).toMatchObject([
      { kind: 'failed', error: { retryable: true, details: { endpoint: 'a' } }, placed: { endpoint: 'a' } },
      { kind: 'succeeded', output: 'b it is', placed: { endpoint: 'b' } },
    ]);
  });

  test('goes on to the next endpoint at once where one refuses its credential', async () => {
    const rig = rigOf({
      endpoints: [endpoint('a'), endpoint('b')],
      answer: ({ target }) =>
        target.name === 'a' ? broken({ retryable: false, code: 'endpoint_unauthorized' }) : said('b'),
    });
    expect(await rig.run({ endpoint: { prefer: ['a'] } })).toMatchObject({
      kind: 'succeeded',
      placed: { endpoint: 'b' },
    });
    const alone = rigOf({ answer: () => broken({ retryable: false, code: 'endpoint_unauthorized' }) });
    expect(await alone.run({})).toMatchObject({
      kind: 'failed',
      error: { code: 'endpoint_unauthorized', retryable: false },
    });
  });

  test('waits outside of its slot, longer each time, where no endpoint has its tags or a place', async () => {
    const rig = rigOf({ endpoints: [endpoint('a', { tags: ['x'], maxConcurrent: 1 })] });
    const first = await rig.run({ tags: ['y'] });
    expect(first).toMatchObject({
      kind: 'again',
      note: { waitsFor: 'endpoint', leftOut: [{ endpoint: 'a', reason: 'tags' }] },
    });
    if (first.kind !== 'again') return;
    const second = await rig.run({ tags: ['y'] }, { memo: first.memo });
    expect(second.kind === 'again' && second.afterMs).toBeGreaterThan(first.afterMs);
    expect(rig.calls).toEqual([]);
  });

  test('leaves an answer that is still to come to the next attempt, which asks for it with the same key', async () => {
    let asked = 0;
    const rig = rigOf({
      answer: () => (asked++ === 0 ? { kind: 'pending', memo: { job: 7 }, afterMs: 500 } : said('late')),
    });
    const outcomes = await rig.runAll({});

    expect(outcomes).toMatchObject([
      { kind: 'again', afterMs: 500, note: { waitsFor: 'answer', endpoint: 'one' }, placed: { endpoint: 'one' } },
      { kind: 'succeeded', output: 'late', placed: { endpoint: 'one' } },
    ]);
    expect(rig.calls.map(({ memo }) => memo)).toEqual([null, { job: 7 }]);
    expect(rig.calls[0]?.idempotencyKey).toBe(rig.calls[1]?.idempotencyKey);
  });

  test('holds its place at the endpoint until it is answered, and not longer', async () => {
    const one = endpoint('one', { maxConcurrent: 1 });
    const { promise: held, resolve } = Promise.withResolvers<void>();
    const rig = rigOf({ endpoints: [one], answer: () => held.then(() => said('ok')) });
    const first = rig.run({}, { idempotencyKey: 'first' });
    await Promise.resolve();
    await expect.poll(() => rig.calls.length).toBe(1);
    expect(await rig.run({}, { idempotencyKey: 'second' })).toMatchObject({ kind: 'again' });
    resolve();
    expect(await first).toMatchObject({ kind: 'succeeded' });
    expect(await rig.run({}, { idempotencyKey: 'second' })).toMatchObject({ kind: 'succeeded' });
  });

  test.each([
    ['is not there', { kind: 'secret', name: 'KEY' } as const, 'missing_secret'],
    ['cannot be read', { kind: 'sealed', keyId: 'k1' } as const, 'endpoint_token_sealed'],
  ])('fails with a clear error where the token %s', async (_, token, code) => {
    const rig = rigOf({ endpoints: [endpoint('one', { token })] });
    expect(await rig.run({})).toMatchObject({ kind: 'failed', error: { code, retryable: false } });
    expect(rig.calls).toEqual([]);
    expect(await rig.loads()).toEqual([0]);
  });

  test('is sent with the secret of the worker that the endpoint names', async () => {
    const rig = rigOf({ endpoints: [endpoint('one', { token: { kind: 'secret', name: 'KEY' } })], secret: 's3cret' });
    await rig.run({});
    expect(rig.calls[0]?.target.token).toBe('s3cret');
  });

  test('is repaired where its answer does not fit the schema, and fails once that has not helped twice', async () => {
    const outputSchema = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };
    const answers = [said({ n: 'one' }), said({ n: 1 })];
    const rig = rigOf({ answer: () => answers.shift() ?? said('never') });
    const usage = { inputTokens: 0, outputTokens: 0, usd: 0 };
    expect(await rig.runAll({ outputSchema })).toMatchObject([
      { kind: 'again', usage, note: { repairs: 1 } },
      { kind: 'succeeded', output: { n: 1 } },
    ]);
    expect(rig.calls[1]?.messages.at(-1)?.content).toMatch(/does not fit the JSON Schema[\s\S]*\/n:/);
    const failing = rigOf({ answer: () => said('never') });
    const outcomes = await failing.runAll({ outputSchema });
    expect(outcomes.at(-1)).toMatchObject({ kind: 'failed', error: { code: 'invalid_output', retryable: false } });
    expect(failing.calls).toHaveLength(3);
  });

  test('reserves what it may cost at most before anything is sent, and goes to one that it can pay', async () => {
    const endpoints = [endpoint('dear', { price: { perCall: 1 } }), endpoint('cheap', { price: { perCall: 0.1 } })];
    const asked: number[] = [];
    const budget = (onExceeded: 'fail' | 'fallback') => ({
      async reserve({ usd }: { usd: number | null }) {
        asked.push(usd ?? -1);
        if (usd !== null && usd <= 0.5) return { kind: 'granted' as const, usdLeft: 0, tokensLeft: null };
        const error = { code: 'budget_exceeded', message: 'used up', retryable: false };
        return { kind: 'refused' as const, error, onExceeded, usdLeft: 0.5, tokensLeft: null };
      },
      release: () => undefined,
    });
    const input = { endpoint: { prefer: ['dear'] } };
    const failing = rigOf({ endpoints });
    expect(await failing.run(input, { budget: budget('fail') })).toMatchObject({ error: { code: 'budget_exceeded' } });
    expect(failing.calls).toEqual([]);
    const falling = rigOf({ endpoints });
    expect(await falling.run(input, { budget: budget('fallback') })).toMatchObject({ placed: { endpoint: 'cheap' } });
    expect(asked).toEqual([1, 1, 0.1]);
  });

  test('asks a second endpoint where the first is late, if it says that it may', async () => {
    const rig = rigOf({
      endpoints: [endpoint('late'), endpoint('quick')],
      async answer({ target, signal }) {
        if (target.name === 'quick') return said('quick');
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return broken({ code: 'aborted', isFault: false });
      },
    });
    const outcome = await rig.run({ endpoint: { prefer: ['late'], hedgeMs: 10 } });
    expect(outcome).toMatchObject({ kind: 'succeeded', output: 'quick', placed: { endpoint: 'quick' } });
    expect(rig.calls.map(({ target }) => target.name)).toEqual(['late', 'quick']);
    expect(await rig.loads()).toEqual([0, 0]);
  });
});
