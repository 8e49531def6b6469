/** Failures, retries, and what is kept. */
import type { Case } from '../case.ts';
import { failure, logs, work } from '../graph.ts';
import type { WorkNode } from '../graph.ts';

const log = { log: 'append' } as const;

/** Fails until its call of this number. */
function failsUntil(
  time: number,
  options: Omit<WorkNode, 'kind' | 'work'> = {},
  error = (): Error => failure('not_yet'),
) {
  return work((_, call) => {
    if (call.time < time) throw error();
    return { update: { log: [`call ${call.time}`] } };
  }, options);
}

/** Resolves when the node is told to stop. */
async function stopped(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

export const errors: Omit<Case, 'group'>[] = [
  {
    name: 'a failure is not retried unless a policy says so',
    graph: { channels: log, nodes: { a: failsUntil(2) }, edges: ['START -> a'] },
    expects: { ends: 'failed not_yet', state: { log: [] }, calls: { a: 1 } },
  },
  {
    name: 'three attempts are three calls in all',
    graph: { channels: log, nodes: { a: failsUntil(9, { attempts: 3 }) }, edges: ['START -> a'] },
    expects: { ends: 'failed not_yet', state: { log: [] }, calls: { a: 3 } },
  },
  {
    name: 'an attempt that succeeds writes once',
    graph: { channels: log, nodes: { a: failsUntil(3, { attempts: 3 }) }, edges: ['START -> a'] },
    expects: { ends: 'succeeded', state: { log: ['call 3'] }, calls: { a: 3 }, order: 'a' },
  },
  {
    name: 'a TypeError is retried',
    graph: {
      channels: log,
      nodes: { a: failsUntil(2, { attempts: 2 }, () => new TypeError('x')) },
      edges: ['START -> a'],
    },
    expects: { ends: 'succeeded', state: { log: ['call 2'] }, calls: { a: 2 } },
  },
  {
    name: 'an error with the HTTP status 400 is not retried',
    graph: {
      channels: log,
      nodes: {
        a: failsUntil(2, { attempts: 2 }, () => Object.assign(failure('bad_request'), { status: 400 })),
      },
      edges: ['START -> a'],
    },
    expects: { ends: 'failed bad_request', calls: { a: 1 } },
    differs: {
      because:
        'a handler says itself whether its error may be retried (`retryable: false`); nothing is guessed from its fields',
      weft: { ends: 'succeeded', calls: { a: 2 } },
    },
  },
  {
    name: 'an error with the HTTP status 429 is retried',
    graph: {
      channels: log,
      nodes: { a: failsUntil(2, { attempts: 2 }, () => Object.assign(failure('too_many'), { status: 429 })) },
      edges: ['START -> a'],
    },
    expects: { ends: 'succeeded', calls: { a: 2 } },
  },
  {
    name: 'a failure of one node keeps the whole superstep from being applied',
    graph: {
      channels: log,
      nodes: { bad: failsUntil(9), ok: logs('ok'), next: logs('next') },
      edges: ['START -> bad', 'START -> ok', 'ok -> next'],
    },
    input: { log: ['in'] },
    expects: { ends: 'failed not_yet', state: { log: ['in'] }, order: '' },
  },
  {
    name: 'what was applied before the failure stays',
    graph: {
      channels: log,
      nodes: { one: logs('one'), bad: failsUntil(9) },
      edges: ['START -> one', 'one -> bad'],
    },
    expects: { ends: 'failed not_yet', state: { log: ['one'] }, order: 'one' },
  },
  {
    name: 'going on after a failure runs only what failed',
    graph: {
      channels: log,
      nodes: {
        bad: work(async (_, { time }) => {
          // The sibling has finished by then.
          await new Promise((resolve) => setTimeout(resolve, 30));
          if (time < 2) throw failure('not_yet');
          return { update: { log: ['bad'] } };
        }),
        ok: logs('ok'),
        next: logs('next'),
      },
      edges: ['START -> bad', 'START -> ok', 'ok -> next'],
    },
    does: [{ do: 'retry' }],
    expects: {
      ends: ['failed not_yet', 'succeeded'],
      state: { log: ['bad', 'ok', 'next'] },
      order: 'bad ok | next',
      calls: { bad: 2, next: 1, ok: 1 },
    },
  },
  {
    name: 'the first failure aborts the siblings that still run',
    graph: {
      channels: log,
      nodes: {
        bad: work(async () => {
          await new Promise((resolve) => setTimeout(resolve, 10));
          throw failure('first');
        }),
        slow: work((_, { signal }) => stopped(signal).then(() => Promise.reject(failure('aborted')))),
      },
      edges: ['START -> bad', 'START -> slow'],
    },
    expects: { ends: 'failed first', state: { log: [] }, order: '', calls: { bad: 1, slow: 1 } },
  },
  {
    name: 'a node that is over its time fails',
    graph: {
      channels: log,
      nodes: {
        a: work((_, { signal }) => stopped(signal).then(() => Promise.reject(failure('aborted'))), { timeoutMs: 50 }),
      },
      edges: ['START -> a'],
    },
    expects: { ends: 'failed timeout', state: { log: [] }, calls: { a: 1 } },
  },
  {
    name: 'a node that is over its time fails, also if it then returns what it has',
    graph: {
      channels: log,
      nodes: {
        a: work((_, { signal }) => stopped(signal).then(() => ({ update: { log: ['half'] } })), { timeoutMs: 50 }),
      },
      edges: ['START -> a'],
    },
    expects: { ends: 'failed timeout', state: { log: [] }, calls: { a: 1 } },
    differs: {
      because: 'what a node returns within a second after it was told to stop is its result: the work is done',
      weft: { ends: 'succeeded', state: { log: ['half'] }, calls: { a: 1 } },
    },
  },
  {
    name: 'a handler of the error runs in the same superstep, in place of the node',
    graph: {
      channels: log,
      nodes: {
        bad: failsUntil(9, { attempts: 2, rescue: () => ({ update: { log: ['rescued'] } }) }),
        next: logs('next'),
      },
      edges: ['START -> bad', 'bad -> next'],
    },
    expects: { ends: 'succeeded', state: { log: ['rescued'] }, order: 'bad', calls: { bad: 2 } },
    differs: {
      because:
        'what handles a failure is a node like others, so it takes the next superstep and can itself be retried, shown and asked for',
      weft: {
        ends: 'succeeded',
        state: { log: ['rescued'] },
        order: 'bad | bad rescue',
        calls: { bad: 2, 'bad rescue': 1 },
      },
    },
  },
  {
    name: 'a choice that fails fails its node, and nothing of the superstep is applied',
    graph: {
      channels: { ...log, x: 'last' },
      nodes: { a: logs('a'), b: logs('b') },
      edges: ['START -> a'],
      choices: { a: "state.x.deep == 1 ? 'b' : 'END'" },
    },
    expects: { ends: 'failed expression_failed', state: { log: [], x: null }, order: '' },
    differs: {
      because: 'a route is a node, which fails by itself; what came before it has done its work',
      weft: { ends: 'failed expression_failed', state: { log: ['a'], x: null }, order: 'a' },
    },
  },
  {
    name: 'a result that is no object fails the node',
    graph: { channels: log, nodes: { a: work(() => 'text' as never) }, edges: ['START -> a'] },
    expects: { ends: 'failed invalid_output', state: { log: [] } },
    differs: {
      because: 'what a node returns is its output, which may be any JSON and is no write to the state by itself',
      weft: { ends: 'succeeded', state: { log: [] } },
    },
  },
];
