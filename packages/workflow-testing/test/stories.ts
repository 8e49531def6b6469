/** Workflows of every kind with what happens to them, told once and played on the kit and on the real engine. */
import type { Json, JsonObject, WorkflowDocument } from '@weft/contract';
import type { Handler } from '@weft/executors';

/** How a run is steered, whatever it runs on. */
export type Steered = {
  /** Resolves when the run can go on by nothing but what comes from outside. */
  stands(status: 'interrupted' | 'running'): Promise<void>;
  answer(node: string, value: Json): Promise<void>;
  resume(): Promise<void>;
  signal(name: string, payload: Json): Promise<void>;
  inject(updates: JsonObject, afterNode: string | null): Promise<void>;
  cancel(): Promise<void>;
  retry(): Promise<void>;
  ended(): Promise<void>;
};

export type Story = {
  document: WorkflowDocument;
  children?: WorkflowDocument[];
  input?: Json;
  config?: JsonObject;
  steer?: (run: Steered) => Promise<void>;
};

const boom = (more: object = {}) => Object.assign(new Error('boom'), { code: 'boom', ...more });

/** The same functions on both sides. */
export const handlers: Record<string, Handler> = {
  add: async (input) => (input as { a: number; b: number }).a + (input as { a: number; b: number }).b,
  twice: async (input) => ({ output: (input as number) * 2, stateUpdates: { sum: input as number } }),
  flaky: async (input, { attempt }) => {
    if (attempt < (input as number)) throw boom();
    return { attempt };
  },
  breaks: async () => {
    throw boom({ retryable: false });
  },
  fixed: async (_input, { attempt }) => {
    if (attempt === 1) throw boom({ retryable: false });
    return 'mended';
  },
  pick: async (input) => ({ output: 'picked', goto: input as string }),
};

const task = (name: string, rest: object = {}) => ({ type: 'task' as const, uses: `handler:${name}`, ...rest });
const echo = (value: Json, rest: object = {}) => ({ type: 'task' as const, uses: 'echo', with: value, ...rest });

export const stories: Story[] = [
  {
    document: {
      name: 'chain',
      state: { log: { type: 'array', reducer: 'append', default: [] }, last: { type: 'any' } },
      nodes: {
        a: echo({ n: '${input.n}', region: '${config.region}' }, { output: 'last' }),
        t: { type: 'transform', updates: { log: { text: '{{ nodes.a.n }}!' } }, needs: ['a'] },
        b: task('add', { needs: ['t'], with: { a: '${a.n}', b: 1 }, outputMapping: { log: '' } }),
        c: echo('${state.log}', { needs: ['b'] }),
      },
    },
    input: { n: 4 },
    config: { region: 'eu' },
  },
  {
    document: {
      name: 'branches',
      nodes: {
        way: { type: 'route', on: 'input.kind', routes: { x: 'left', y: 'right' } },
        left: echo(1),
        right: echo(2),
        join: echo(['${left}', '${right}'], { needs: ['left', 'right'] }),
        never: echo(0, { when: 'input.kind == "z"', needs: ['join'] }),
        after: echo('end', { needs: ['never'] }),
      },
    },
    input: { kind: 'y' },
  },
  {
    document: {
      name: 'loop',
      state: { n: { type: 'number', reducer: 'add', default: 0 } },
      nodes: {
        count: { type: 'transform', updates: { n: 1 } },
        work: task('add', { needs: ['count'], with: { a: '${state.n}', b: 10 } }),
        more: {
          type: 'route',
          on: "state.n < 3 ? 'yes' : 'no'",
          routes: { yes: 'count', no: 'done' },
          needs: ['work'],
        },
        done: echo('${work}'),
      },
    },
  },
  {
    document: {
      name: 'sends',
      state: { sum: { type: 'number', reducer: 'add', default: 0 } },
      nodes: {
        each: { type: 'send', items: '${input.list}', target: 'one', concurrency: 1 },
        one: task('twice', { with: '${item}' }),
        all: echo({ each: '${each}', sum: '${state.sum}' }, { needs: ['each'] }),
      },
    },
    input: { list: [1, 2, 3] },
  },
  {
    document: {
      name: 'failures',
      nodes: {
        flaky: task('flaky', { with: 3, retry: { maxAttempts: 3, initialMs: 2 } }),
        swallowed: task('breaks', { needs: ['flaky'], onFailure: 'continue' }),
        why: echo('${swallowed.error.code}', { needs: ['swallowed'] }),
        other: task('breaks', { needs: ['why'], onFailure: { goto: 'rescue' } }),
        lost: echo('skipped', { needs: ['other'] }),
        rescue: echo('rescued from ${other.error.code}'),
        blamed: task('breaks', { needs: ['rescue'], onFailure: 'skipDependents' }),
        behind: echo('never', { needs: ['blamed'] }),
        anyway: echo('anyway', { needs: ['blamed'], join: 'allDone' }),
      },
    },
  },
  {
    document: {
      name: 'retried',
      nodes: {
        first: echo(1),
        fixed: task('fixed', { needs: ['first'] }),
        last: echo('${fixed}', { needs: ['fixed'] }),
      },
    },
    steer: async (run) => {
      await run.ended();
      await run.retry();
      await run.ended();
    },
  },
  {
    document: {
      name: 'goto',
      nodes: {
        pick: task('pick', { with: 'b' }),
        a: echo('a', { needs: ['pick'] }),
        b: echo('b', { needs: ['pick'] }),
      },
      output: ['${a}', '${b}'],
    },
  },
  {
    document: {
      name: 'asks',
      state: { notes: { type: 'array', reducer: 'append', default: [] } },
      interruptBefore: ['ship'],
      nodes: {
        ask: { type: 'interrupt', message: 'Ship {{ input.what }}?', answerSchema: { type: 'boolean' } },
        ship: echo({ ok: '${ask}', notes: '${state.notes}' }, { needs: ['ask'] }),
        silent: { type: 'interrupt', message: 'Anybody?', expiresMs: 30, default: 'nobody', needs: ['ship'] },
        keep: { type: 'wait', ms: 60, needs: ['ship'] },
        end: echo('${silent}', { needs: ['silent', 'keep'] }),
      },
    },
    input: { what: 'it' },
    steer: async (run) => {
      await run.stands('interrupted');
      await run.inject({ notes: 'at once' }, null);
      await run.inject({ notes: 'after ask' }, 'ask');
      await run.answer('ask', true);
      await run.stands('interrupted');
      await run.resume();
      await run.ended();
    },
  },
  {
    document: {
      name: 'signals',
      nodes: {
        gate: { type: 'interrupt', message: 'go?' },
        pause: { type: 'wait', ms: 5, needs: ['gate'] },
        early: { type: 'wait', signal: 'early', timeoutMs: 60_000, needs: ['pause'] },
        late: { type: 'wait', signal: 'late', timeoutMs: 60_000, needs: ['early'] },
        end: echo(['${early}', '${late.v}'], { needs: ['late'] }),
      },
    },
    steer: async (run) => {
      await run.stands('interrupted');
      await run.signal('early', 'kept');
      await run.answer('gate', null);
      await run.stands('running');
      await run.signal('late', { v: 7 });
      await run.ended();
    },
  },
  {
    document: {
      name: 'cancelled',
      nodes: { a: echo(1), ask: { type: 'interrupt', message: 'go?', needs: ['a'] }, b: echo(2, { needs: ['ask'] }) },
    },
    steer: async (run) => {
      await run.stands('interrupted');
      await run.cancel();
      await run.ended();
    },
  },
  {
    document: {
      name: 'parent',
      nodes: {
        good: { type: 'subgraph', workflow: 'child-good', input: { n: '${input.n}' } },
        bad: { type: 'subgraph', workflow: 'child-bad', needs: ['good'], onFailure: 'continue' },
        end: echo(['${good}', '${bad.error.code}'], { needs: ['bad'] }),
      },
    },
    children: [
      { name: 'child-good', nodes: { a: task('add', { with: { a: '${input.n}', b: 1 } }) } },
      { name: 'child-bad', nodes: { a: task('breaks') } },
    ],
    input: { n: 1 },
  },
  {
    document: {
      name: 'cached',
      state: { sum: { type: 'number', reducer: 'add', default: 0 } },
      nodes: {
        one: task('twice', { with: 21, cache: { ttlMs: 3_600_000 } }),
        two: task('twice', { with: 21, cache: { ttlMs: 3_600_000 }, needs: ['one'] }),
        late: { type: 'transform', updates: { sum: 100 }, defer: true, needs: ['two'] },
      },
    },
  },
  {
    document: {
      name: 'supersteps',
      mode: 'superstep',
      state: {
        log: { type: 'array', reducer: 'append', default: [] },
        sum: { type: 'number', reducer: 'add', default: 0 },
        n: { type: 'number', reducer: 'add', default: 0 },
      },
      nodes: {
        plan: task('twice', { with: 5, outputMapping: { log: '' } }),
        // It ends after its neighbour, and comes before it in the state.
        ask: { type: 'interrupt', message: 'And?', needs: ['plan'], output: 'log' },
        tell: echo('${state.log}', { needs: ['plan'], output: 'log' }),
        each: { type: 'send', items: [1, 2, 3], target: 'one', concurrency: 1, needs: ['ask', 'tell'] },
        one: task('twice', { with: '${item}', output: 'log' }),
        flaky: task('flaky', { needs: ['each'], with: 2, retry: { maxAttempts: 2, initialMs: 2 }, output: 'log' }),
        count: { type: 'transform', updates: { n: 1 }, needs: ['flaky'] },
        more: {
          type: 'route',
          on: "state.n < 2 ? 'yes' : 'no'",
          routes: { yes: 'count', no: 'end' },
          needs: ['count'],
        },
        end: echo({ log: '${state.log}', sum: '${state.sum}', n: '${state.n}' }),
      },
    },
    steer: async (run) => {
      await run.stands('interrupted');
      await run.answer('ask', 'asked');
      await run.ended();
    },
  },
];
