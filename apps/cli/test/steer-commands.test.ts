import type { Interrupt } from '@weft/contract';
import { describe, expect, test } from 'vitest';
import { problem, routingServer } from './answering-server.ts';
import { weft } from './fake-terminal.ts';

const QUESTION: Interrupt = {
  id: 'Q1',
  runId: 'R',
  taskId: 'T',
  key: 'ask#0',
  node: 'ask',
  at: 'node',
  message: 'Ship\u001b[2J it?',
  answerSchema: { type: 'boolean' },
  createdAt: '2026-01-01T00:00:00.000Z',
  expiresAt: null,
};
const SECOND: Interrupt = { ...QUESTION, id: 'Q2', node: 'sign', message: null, answerSchema: null };
const BREAKPOINT: Interrupt = { ...QUESTION, id: 'Q3', node: 'publish', at: 'before', message: null };

/** A server with one run that asks the given questions. */
function runWith(interrupts: Interrupt[], refusal?: ReturnType<typeof problem>) {
  const run = { id: 'R', status: 'interrupted', workflow: { name: 'a', version: 1 }, interrupts };
  return routingServer((what) => (what.startsWith('POST') && refusal ? refusal : { status: 200, body: run }));
}

describe('weft answer', () => {
  test.each<[string[], unknown]>([
    [['--approve'], true],
    [['--reject'], false],
    [['--value', '0'], 0],
    [['--value', ''], ''],
    [['--value', 'null'], null],
    [['--value', '{"ok":[1]}'], { ok: [1] }],
    [['-v', 'as text'], 'as text'],
  ])('%j answers the only question', async (flags, value) => {
    const { url, asked } = await runWith([QUESTION]);

    expect(await weft(['answer', 'R', ...flags, '--by', 'ada', '--url', url])).toMatchObject({ code: 0, out: '' });
    expect(asked[1]).toEqual({ what: 'POST /v1/runs/R/resume', body: { answers: { Q1: value } }, user: 'ada' });
  });

  test('takes a question by its id or by its node, and passes a breakpoint without a value', async () => {
    const { url, asked } = await runWith([QUESTION, SECOND, BREAKPOINT]);
    await weft(['answer', 'R', 'Q2', '--value', '1', '--url', url]);
    await weft(['answer', 'R', 'sign', '--value', '2', '--url', url]);
    await weft(['answer', 'R', 'publish', '--url', url]);
    const gone = '0198a000-0000-7000-8000-00000000000a';
    await weft(['answer', 'R', gone, '--value', '3', '--url', url]);

    const bodies = asked.filter(({ body }) => body !== undefined).map(({ body }) => body);
    expect(bodies).toEqual([{ Q2: 1 }, { Q2: 2 }, { Q3: null }, { [gone]: 3 }].map((answers) => ({ answers })));
  });

  test('wants to know which question, where several are open or none is', async () => {
    const several = await weft(['answer', 'R', '--approve', '--url', (await runWith([QUESTION, SECOND])).url]);
    expect(several).toMatchObject({ code: 5, out: '' });
    expect(several.err).toContain('? ask asks: Ship [2J it?\n  weft answer R Q1 --approve | --reject\n');
    expect(several.err).toContain('weft answer R Q2 --value JSON');

    const late = await weft(['answer', 'R', 'sign', '--approve', '--url', (await runWith([QUESTION])).url]);
    expect(late).toMatchObject({ code: 5, err: expect.stringContaining('asks nothing at sign any more') });

    const none = await weft(['answer', 'R', '--approve', '--url', (await runWith([])).url]);
    expect(none).toMatchObject({ code: 5, err: expect.stringContaining('asks nothing') });
  });

  test.each([[[]], [['--approve', '--reject']], [['--value', '1', '--approve']]])(
    'with %j is a usage error',
    async (flags) => {
      const { url, asked } = await runWith([QUESTION]);
      const { code, err } = await weft(['answer', 'R', ...flags, '--url', url]);

      expect(code).toBe(2);
      expect(err).toContain('--approve');
      expect(asked.filter(({ what }) => what.startsWith('POST'))).toEqual([]);
    },
  );

  test.each([
    [problem(404, 'not_found'), 3],
    [problem(409, 'conflict'), 5],
    [problem(422, 'invalid_input', [{ code: 'invalid_input', pointer: '/answers/Q1', message: 'no' }]), 7],
  ])('ends with the status of the refusal', async (refusal, code) => {
    const { url } = await runWith([QUESTION], refusal);

    expect(await weft(['answer', 'R', '--approve', '--url', url])).toMatchObject({ code });
  });
});

describe('weft resume', () => {
  test('passes breakpoints, with updates of the state', async () => {
    const { url, asked } = await runWith([SECOND]);
    const { code, err } = await weft(['resume', 'R', '--set', 'n=1', '-s', 'text=a=b', '--url', url]);

    expect(code).toBe(0);
    expect(err).toContain('run R is interrupted\n? sign asks for an answer\n  weft answer R Q2 --value JSON\n');
    await weft(['resume', 'R', '--url', url]);
    expect(asked.map(({ body }) => body)).toEqual([{ stateUpdates: { n: 1, text: 'a=b' } }, {}]);
  });
});

describe('weft signal', () => {
  test('gives a signal with its payload, or null', async () => {
    const { url, asked } = await routingServer(() => ({ status: 202, body: { runId: 'R', signal: 'paid' } }));

    expect(await weft(['signal', 'R', 'paid', '--payload', 'false', '--url', url])).toMatchObject({ code: 0 });
    await weft(['signal', 'R', 'in full', '--url', url]);
    expect(asked).toMatchObject([
      { what: 'POST /v1/runs/R/signals/paid', body: false },
      { what: 'POST /v1/runs/R/signals/in%20full', body: null },
    ]);
  });
});

describe('weft state', () => {
  test('says which step has applied the update, or what it waits for', async () => {
    const now = await routingServer(() => ({ status: 200, body: { applied: true, step: 7 } }));
    const later = await routingServer(() => ({ status: 200, body: { applied: false, pending: true } }));

    expect((await weft(['state', 'R', '--set', 'a=[1]', '--url', now.url])).err).toBe('applied by step 7\n');
    const kept = await weft(['state', 'R', '--set', 'a=x', '--set', 'b=2', '--after', 'n', '--url', later.url]);
    expect(kept).toMatchObject({ code: 0, err: 'kept until n settles\n' });
    expect([...now.asked, ...later.asked].map(({ body }) => body)).toEqual([
      { updates: { a: [1] } },
      { updates: { a: 'x', b: 2 }, afterNode: 'n' },
    ]);
  });

  test.each([[[]], [['--set', 'novalue']], [['--set', '__proto__=1']]])('with %j is a usage error', async (flags) => {
    expect(await weft(['state', 'R', ...flags])).toMatchObject({ code: 2, err: expect.stringContaining('--set') });
  });
});

describe('weft interrupts', () => {
  test('lists what is asked, safe for a terminal', async () => {
    const page = { items: [QUESTION, BREAKPOINT], nextCursor: 'c' };
    const { url, asked } = await routingServer(() => ({ status: 200, body: page }));
    const { code, out, err } = await weft(['interrupts', '--limit', '2', '--url', url]);

    expect(code).toBe(0);
    expect(out.split('\n').slice(0, 3)).toEqual([
      expect.stringMatching(/^RUN +QUESTION +NODE +ASKED +MESSAGE$/),
      expect.stringMatching(/^R +Q1 +ask +\S+ ago +Ship \[2J it\?$/),
      expect.stringMatching(/^R +Q3 +before publish +\S+ ago$/),
    ]);
    expect(err).toBe('more: --cursor c\n');
    expect(asked).toMatchObject([{ what: 'GET /v1/interrupts?limit=2' }]);
    expect(JSON.parse((await weft(['interrupts', '--json', '--url', url])).out)).toEqual(page);
  });
});
