import { describe, expect, test } from 'vitest';
import { problem, routingServer } from './answering-server.ts';
import { weft } from './fake-terminal.ts';

const NOWHERE = 'http://127.0.0.1:9';
const RUN = { id: 'R2', status: 'running', workflow: { name: 'a', version: 3 }, input: { n: 1, deep: { a: 1, b: 2 } } };
const FORK = { ...RUN, forkedFrom: { runId: 'R1', step: 7 } };

const answering = (body: object, status = 200) => routingServer(() => ({ status, body }));

describe('weft replay', () => {
  test('goes on from the step, with changes of the state', async () => {
    const { url, asked } = await answering(RUN);
    const flags = ['--set', 'topic=rain', '-s', 'n=2', '--update', 'log=["x"]'];
    const result = await weft(['replay', 'R2@7', ...flags, '--url', url]);

    expect(result).toEqual({ code: 0, out: '', err: 'run R2 is running\n' });
    const body = { step: 7, stateOverrides: { topic: 'rain', n: 2 }, stateUpdates: { log: ['x'] } };
    expect(asked).toMatchObject([{ what: 'POST /v1/runs/R2/replay', body }]);
    await weft(['replay', 'R2@8', '--url', url]);
    expect(asked[1]?.body).toEqual({ step: 8 });
  });

  test('with --json gives the run, and a refusal its exit status', async () => {
    const { url } = await answering(RUN);
    expect(JSON.parse((await weft(['replay', 'R2@7', '--json', '--url', url])).out)).toEqual(RUN);
    const refusing = await routingServer(() => problem(409, 'conflict'));
    expect(await weft(['replay', 'R2@7', '--url', refusing.url])).toMatchObject({
      code: 5,
      err: 'weft: it is conflict\n',
    });
  });
});

describe('weft fork', () => {
  test('starts a run that goes on from the step, and says from where', async () => {
    const { url, asked } = await answering(FORK, 201);
    const edits = ['--edit', 'plan.with.prompt=In one line', '-e', 'plan.timeoutMs=5', '-e', 'ask={"with":{"x":[1]}}'];
    const result = await weft(['fork', 'R1@7', ...edits, '--to', '3', '-s', 'a=1', '--update', 'b=2', '--url', url]);

    expect(result).toEqual({ code: 0, out: '', err: 'run R2 of a@3, forked from R1@7\nrun R2 is running\n' });
    expect(asked).toMatchObject([{ what: 'POST /v1/runs/R1/fork' }]);
    expect(asked[0]?.body).toEqual({
      step: 7,
      nodeOverrides: { plan: { with: { prompt: 'In one line' }, timeoutMs: 5 }, ask: { with: { x: [1] } } },
      version: 3,
      stateOverrides: { a: 1 },
      stateUpdates: { b: 2 },
    });
  });

  test('goes on from the last step where none is named', async () => {
    const { url, asked } = await answering(FORK, 201);
    expect(JSON.parse((await weft(['fork', 'R1', '--json', '--url', url])).out)).toEqual(FORK);
    expect(asked).toMatchObject([{ what: 'POST /v1/runs/R1/fork', body: {} }]);
  });

  test('tells of a node that the workflow does not have, and where', async () => {
    const error = {
      code: 'missing_reference',
      pointer: '/nodeOverrides/pln',
      message: 'the workflow has no node "pln"',
    };
    const { url } = await routingServer(() => problem(422, 'invalid_input', [error]));
    const { code, out, err } = await weft(['fork', 'R1@7', '--edit', 'pln.with.prompt=x', '--url', url]);

    expect([code, out]).toEqual([7, '']);
    expect(err).toContain('/nodeOverrides/pln: the workflow has no node "pln" (missing_reference)');
  });
});

describe('weft rerun', () => {
  test('starts the run again, with the input as it was where no key is set', async () => {
    const { url, asked } = await answering({ ...RUN, forkedFrom: { runId: 'R1', step: 0 } }, 201);
    const result = await weft(['rerun', 'R1', '--url', url]);

    expect(result).toEqual({ code: 0, out: '', err: 'run R2 of a@3, started again from R1\nrun R2 is running\n' });
    expect(asked.map(({ what, body }) => [what, body])).toEqual([['POST /v1/runs/R1/rerun', {}]]);
  });

  test('puts keys over the input of the run', async () => {
    const { url, asked } = await answering(RUN, 201);
    await weft(['rerun', 'R1', '-i', 'deep.b=3', '-i', 'who=Ada', '--to', '2', '--url', url]);

    expect(asked.map(({ what, body }) => [what, body])).toEqual([
      ['GET /v1/runs/R1', undefined],
      ['POST /v1/runs/R1/rerun', { input: { n: 1, deep: { a: 1, b: 3 }, who: 'Ada' }, version: 2 }],
    ]);
  });
});

describe('what cannot be meant', () => {
  test.each([
    [['replay', 'R1'], 'RUN@STEP'],
    [['replay', 'R1@0'], 'RUN@STEP'],
    [['replay', 'R1@x'], 'RUN@STEP'],
    [['replay', 'R1@7', '--set', 'novalue'], '--set takes key=value, not "novalue"'],
    [['replay', 'R1@7', '--update', '=1'], '--update takes key=value, not "=1"'],
    [['fork', 'R1@last'], 'RUN@STEP'],
    [['fork', '@7'], 'RUN@STEP'],
    [['fork', 'R1', '--to', 'x'], 'number of a version'],
    [['fork', 'R1', '--to', '1.5'], 'number of a version'],
    [['fork', 'R1', '--edit', 'plan.with'], '--edit takes key=value, not "plan.with"'],
    [['fork', 'R1', '--edit', 'plan=3'], 'such as answer.with.model=large; "plan" alone'],
    [['fork', 'R1', '--edit', 'plan..x=3'], '--edit takes keys with dots between them; "plan..x" is none'],
    [['rerun', 'R1', '--to', '0'], 'number of a version'],
    [['rerun'], 'run'],
    [['rerun', 'R1@2'], 'weft fork RUN@STEP'],
    [['compare', 'R1', 'R1@2'], 'weft diff RUN@STEP OTHER@STEP'],
    [['compare', 'R1'], 'other'],
  ])('%j ends with 2 and says why', async (args, why) => {
    const { code, out, err } = await weft([...args, '--url', NOWHERE]);
    expect([code, out, err]).toEqual([2, '', expect.stringContaining(why)]);
  });
});
