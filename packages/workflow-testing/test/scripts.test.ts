import { describe, expect, test } from 'vitest';

import { testWorkflow, WorkflowTestError } from '../src/index.ts';

const call = (rest: object = {}) => ({
  type: 'task',
  uses: 'http',
  with: { url: 'https://desk.example/${input.id}' },
  ...rest,
});
const flow = (nodes: object, rest: object = {}) => ({ name: 'flow', nodes, ...rest });

describe('the script of a node', () => {
  test('says what its attempts give, which get the input as a worker renders it', async () => {
    const t = await testWorkflow(
      flow({ fetch: call(), next: { type: 'task', uses: 'echo', needs: ['fetch'], with: '${fetch.body}' } }),
      {
        input: { id: 7 },
      },
    );
    t.node('fetch').returns({ body: 'found' });
    const result = await t.run();

    expect(result).toMatchObject({ status: 'succeeded', output: 'found', path: ['fetch', 'next'] });
    expect(result.inputs('fetch')).toEqual([{ url: 'https://desk.example/7' }]);
    expect(result.called('fetch')).toBe(1);
  });

  test('tells what happens once before what happens always, in order', async () => {
    const t = await testWorkflow(flow({ fetch: call({ retry: { maxAttempts: 4 } }) }));
    t.node('fetch').fails({ code: 'busy' }, 2).returnsOnce('third').returns('never');
    const result = await t.run();

    expect(result.output).toBe('third');
    expect(result.calls('fetch').map(({ result: what, attempt }) => [what, attempt])).toEqual([
      ['failed', 1],
      ['failed', 2],
      ['succeeded', 3],
    ]);
    expect(result.journal()).toEqual([
      'run_started',
      'task_retried fetch',
      'timer_fired fetch',
      'task_retried fetch',
      'timer_fired fetch',
      'task_succeeded fetch',
      'run_ended',
    ]);
    expect(result.durationMs).toBeGreaterThan(0);
  });

  test('writes state, goes elsewhere and spends', async () => {
    const nodes = {
      pick: call(),
      a: { type: 'task', uses: 'echo', needs: ['pick'] },
      b: { type: 'task', uses: 'echo', needs: ['pick'], with: 'b' },
    };
    const t = await testWorkflow(flow(nodes, { state: { n: { type: 'number', reducer: 'add' } } }));
    t.node('pick').returns(1, { stateUpdates: { n: 2 }, goto: 'b', usage: { usd: 0.5 } });
    const result = await t.run();

    expect(result).toMatchObject({ path: ['pick', 'b'], state: { n: 2 }, usage: { usd: 0.5 } });
    expect(result.settled.map(({ label, status }) => `${label} ${status}`)).toContain('a skipped');
  });

  test('fails for good where it says that another attempt mends nothing', async () => {
    const t = await testWorkflow(flow({ fetch: call({ retry: { maxAttempts: 5 } }) }));
    t.node('fetch').fails({ code: 'gone', retryable: false });
    const result = await t.run();

    expect(result).toMatchObject({ status: 'failed', error: { code: 'gone', details: { node: 'fetch' } } });
    expect(result.called('fetch')).toBe(1);
  });

  test('loses workers, the third time for good', async () => {
    const lost = await testWorkflow(flow({ fetch: call() }));
    lost.node('fetch').crashes(2).returns('in the end');
    const poisoned = await testWorkflow(flow({ fetch: call() }));
    poisoned.node('fetch').crashes(3);
    const once = await testWorkflow(flow({ fetch: call({ retry: { onCrash: 'fail' } }) }));
    once.node('fetch').crashes();

    expect(await lost.run()).toMatchObject({ output: 'in the end' });
    expect(await poisoned.run()).toMatchObject({ status: 'failed', error: { code: 'poison' } });
    expect(await once.run()).toMatchObject({ status: 'failed', error: { code: 'worker_lost' } });
  });

  test('takes virtual time, and too much of it is a timeout', async () => {
    const slow = await testWorkflow(flow({ fetch: call() }));
    slow.node('fetch').takes('2m').returns(1);
    const late = await testWorkflow(flow({ fetch: call({ timeoutMs: 1000 }) }));
    late.node('fetch').returns(1, { takes: '1001ms' });
    const silent = await testWorkflow(flow({ fetch: call({ heartbeatMs: 500 }) }));
    silent.node('fetch').returns(1, { takes: 800 });
    const heard = await testWorkflow(flow({ fetch: call({ heartbeatMs: 500 }) }));
    heard.node('fetch').returns(1, { takes: 800, beats: true });

    expect(await slow.run()).toMatchObject({ status: 'succeeded', durationMs: 120_000 });
    expect(await late.run()).toMatchObject({ error: { code: 'timeout' }, durationMs: 1000 });
    expect(await silent.run()).toMatchObject({ error: { code: 'heartbeat_timeout' }, durationMs: 500 });
    expect(await heard.run()).toMatchObject({ status: 'succeeded' });
  });

  test('runs a function for each item, which knows where it stands', async () => {
    const nodes = {
      each: { type: 'send', items: '${input}', target: 'one', onItemFailure: 'continue' },
      one: call({ with: '${item}', retry: { maxAttempts: 2 } }),
    };
    const t = await testWorkflow(flow(nodes), { input: ['a', 'b', 'c'] });
    t.node('one').does((input: string, { item, index, attempt }) => {
      if (index === 1) throw Object.assign(new Error('no'), { code: 'no_b', retryable: false });
      if (index === 2 && attempt === 1) throw new Error('again');
      return `${input}${item as string}${index}`;
    });
    const result = await t.run();

    expect(result.output).toEqual(['aa0', null, 'cc2']);
    expect(result.path).toEqual(['each']);
    expect(result.tasks('one').map(({ status, error }) => error?.code ?? status)).toEqual([
      'succeeded',
      'no_b',
      'succeeded',
    ]);
    expect(result.called('one')).toBe(4);
  });

  test('may leave a task to nobody, until its time in the queue is over', async () => {
    const t = await testWorkflow(flow({ fetch: call({ queueTimeoutMs: 60_000 }) }));
    t.node('fetch').isNotTaken();

    expect(await t.run()).toMatchObject({ error: { code: 'queue_timeout' }, durationMs: 61_000 });
  });

  test('does not have to speak of echo and sleep', async () => {
    const t = await testWorkflow(
      flow({
        a: { type: 'task', uses: 'echo', with: 1 },
        b: { type: 'task', uses: 'sleep', with: { ms: 86_400_000 }, timeoutMs: 100_000_000 },
        c: { type: 'task', uses: 'sleep', with: { ms: 'x' }, onFailure: 'continue' },
      }),
    );
    const result = await t.run();

    expect(result).toMatchObject({ status: 'succeeded', durationMs: 86_400_000 });
    expect(result.tasks('c')).toMatchObject([{ error: { code: 'invalid_input' } }]);
  });
});

describe('handlers', () => {
  test('run as in a worker, and a script goes before them', async () => {
    const nodes = {
      a: { type: 'task', uses: 'handler:a', with: 1 },
      b: { type: 'task', uses: 'handler:b', needs: ['a'], with: '${a}' },
    };
    const t = await testWorkflow(flow(nodes, { state: { n: { type: 'number', reducer: 'add' } } }), {
      handlers: {
        a: async (input) => ({ output: (input as number) + 1, stateUpdates: { n: 5 } }),
        b: () => 'of the handler',
      },
    });
    t.node('b').returns('of the script');

    expect(await t.run()).toMatchObject({ output: 'of the script', state: { n: 5 } });
  });

  test('get secrets where the test gives them, and nobody else sees them', async () => {
    const nodes = { a: { type: 'task', uses: 'handler:a', with: { key: { secret: 'DESK' } } } };
    const seen: unknown[] = [];
    const a = async (input: unknown) => {
      seen.push(input);
      return input as { key: string };
    };
    const given = await testWorkflow(flow(nodes), { handlers: { a }, secrets: { DESK: 'abracadabra' } });
    const result = await given.run();
    await (await testWorkflow(flow(nodes), { handlers: { a } })).run();
    const missing = await (await testWorkflow(flow(nodes), { handlers: { a }, secrets: { OTHER: 'x' } })).run();

    expect(seen).toEqual([{ key: 'abracadabra' }, { key: { secret: 'DESK' } }]);
    expect(result.output).toEqual({ key: '***' });
    expect(result.inputs('a')).toEqual([{ key: { secret: 'DESK' } }]);
    expect(missing.error?.code).toBe('missing_secret');
  });

  test('that hang are named', async () => {
    const t = await testWorkflow(flow({ a: { type: 'task', uses: 'handler:a' } }), {
      handlers: { a: () => new Promise(() => undefined) },
      handlerTimeoutMs: 20,
    });

    await expect(t.run()).rejects.toThrow('the function of node "a" (task a#0) did not return within 20 ms');
  });

  test('may hold assertions, which fail the test and not the attempt', async () => {
    const t = await testWorkflow(flow({ fetch: call({ onFailure: 'continue' }) }));
    t.node('fetch').does((input) => expect(input).toBe('something else'));

    await expect(t.run()).rejects.toThrow('something else');
  });
});

describe('a test that cannot be carried out', () => {
  test('names the node that nothing is said of, and what it got', async () => {
    const t = await testWorkflow(flow({ fetch: call() }), { input: { id: 7 } });
    const error = await t.run().catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(WorkflowTestError);
    expect(error).toMatchObject({ code: 'unscripted_task' });
    expect(String(error)).toContain('the node "fetch" of "flow" was reached, and nothing says what it gives');
    expect(String(error)).toContain('its input is {"url":"https://desk.example/7"}');
    const echoing = await testWorkflow(flow({ fetch: call() }), { input: { id: 7 }, unscripted: 'echo' });
    expect((await echoing.run()).output).toEqual({ url: 'https://desk.example/7' });
  });

  test('suggests the node that was meant, and says which nodes need no script', async () => {
    const t = await testWorkflow(flow({ fetch: call(), ask: { type: 'interrupt' } }));

    expect(() => t.node('fetsh')).toThrow('the workflow "flow" has no node "fetsh"; did you mean "fetch"?');
    expect(() => t.node('zzzzzz')).toThrow('its nodes are fetch, ask');
    expect(() => t.node('other/fetch')).toThrow('the test has no workflow "other"');
    expect(() => t.node('ask')).toThrow('answer it with answer() or whenAsked()');
    expect(() => t.node('fetch').takes('soon')).toThrow('"soon" is no duration');
  });

  test('says everything that is wrong with the workflow, and with the input', async () => {
    await expect(
      testWorkflow(flow({ a: { type: 'task', uses: 'htp' }, b: { type: 'task', uses: 'echo', needs: ['x'] } })),
    ).rejects.toThrow(/not a valid workflow\n\/nodes\/b\/needs\/0: .*\n\/nodes\/a\/uses: /);
    await expect(testWorkflow('no/such/file.yaml')).rejects.toThrow('no/such/file.yaml cannot be read');
    const t = await testWorkflow(flow({ fetch: call() }, { input: { type: 'object', required: ['id'] } }));
    await expect(t.run()).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(testWorkflow(flow({ fetch: call() }), { now: 'yesterday' })).rejects.toThrow('is no instant');
  });
});

describe('what an attempt tells while it runs', () => {
  test('is kept with its call: events, text and progress, as a worker would tell them', async () => {
    const t = await testWorkflow(flow({ write: call({ with: { key: { secret: 'KEY' } } }) }), {
      secrets: { KEY: 'open sesame' },
    });
    t.node('write').does((input, { emit, token, heartbeat }) => {
      emit({ stage: 'begun', key: input.key });
      for (const piece of ['say: open', ' sesame', '!']) token(piece, { model: 'm' });
      heartbeat(0.5);
      return 'done';
    });
    const result = await t.run();

    expect(result.calls('write')).toMatchObject([
      { emitted: [{ stage: 'begun', key: '***' }], text: 'say: ***!', progress: [0.5] },
    ]);
    expect(result.journal()).toEqual(['run_started', 'task_succeeded write', 'run_ended']);
  });

  test('is heard of handlers of the user, too', async () => {
    const handlers = { write: async (_: unknown, ctx: { token: (text: string) => void }) => ctx.token('hello') };
    const t = await testWorkflow(flow({ write: { type: 'task', uses: 'handler:write' } }), { handlers });

    expect((await t.run()).calls('write')).toMatchObject([{ text: 'hello', emitted: [], progress: [] }]);
  });
});
