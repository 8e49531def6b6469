/** Random workflows and random stories of their runs, for properties that hold of all of them. */
import * as fc from 'fast-check';

/** What happens next: `pick` chooses among what is possible at that moment. */
export type Action = { what: What; pick: number; value: number };
export type What = 'succeed' | 'fail' | 'failRetryable' | 'update' | 'crash' | 'handback' | 'late' | 'timer' | 'early';

const JOINS = ['all', 'any', 'allDone'];
const STATE = {
  total: { type: 'number', reducer: 'add', default: 0 },
  log: { type: 'array', reducer: 'append' },
  last: { type: 'any' },
  seen: { type: 'object', reducer: 'merge' },
  scratch: { type: 'number', reducer: 'add', ephemeral: true },
};
const READS = ['${state.total}', '${state.log}', '${state.last}', '${state.scratch}', '{{ state.seen | json }}'];
const CONDITIONS = ['input.yes', 'input.no', 'input.missing', 'input.text', 'state.total >= 2.0', 'state.last == null'];

type Draw = {
  type: number;
  join: number;
  failure: number;
  when: number;
  read: number;
  edges: number[];
  limits: number;
};

const draw: fc.Arbitrary<Draw> = fc.record({
  type: fc.nat(9),
  join: fc.nat(5),
  failure: fc.nat(7),
  when: fc.nat(13),
  read: fc.nat(9),
  edges: fc.array(fc.nat(99), { maxLength: 3 }),
  limits: fc.nat(7),
});

/** A document without circles: edges lead from earlier nodes to later ones. */
export const arbitraryDocument = fc
  .tuple(fc.array(draw, { minLength: 1, maxLength: 9, size: 'max' }), fc.nat(3))
  .map(([draws, output]) => ({
    name: 'random',
    state: STATE,
    nodes: Object.fromEntries(draws.map((node, index) => [`n${index}`, toNode(node, index, draws.length)])),
    ...(output === 1 && { output: { total: '${state.total}', first: '${n0}', scratch: '${state.scratch}' } }),
    ...(output === 2 && { output: '{{ input.text | date: "%Y" }}' }),
  }));

export const input = { yes: true, no: false, text: 'now', route: 'a', other: 'zzz' };

export const arbitraryStory = fc.record({
  blind: fc.boolean(),
  batches: fc.array(
    fc.record({
      mail: fc.nat(40),
      actions: fc.array(
        fc.record({
          what: fc.constantFrom<What>(
            'succeed',
            'succeed',
            'update',
            'fail',
            'failRetryable',
            'crash',
            'handback',
            'late',
            'timer',
            'early',
          ),
          pick: fc.nat(99),
          value: fc.nat(9),
        }),
        { minLength: 1, maxLength: 4, size: 'max' },
      ),
    }),
    { maxLength: 25, size: 'max' },
  ),
});

function toNode(drawn: Draw, index: number, count: number): object {
  const { type, join, when, limits } = drawn;
  const sources = new Set(index === 0 ? [] : drawn.edges.map((edge) => `n${edge % index}`));
  const common = {
    needs: Array.from(sources),
    join: JOINS[join] ?? 'all',
    ...(CONDITIONS[when] !== undefined && { when: CONDITIONS[when] }),
    onFailure: failureMode(drawn, index, count),
  };
  if (type === 0 || type === 1) return { type: 'transform', updates: updatesOf(drawn), ...common };
  if (type === 2 && index < count - 1) return { type: 'route', ...routesOf(drawn, index, count), ...common };
  return {
    type: 'task',
    uses: 'echo',
    with: { read: READS[drawn.read] ?? 'none', from: Array.from(sources, (name) => `\${${name}}`) },
    retry: { maxAttempts: 1 + (limits % 3), ...(limits === 5 && { onCrash: 'fail' }) },
    ...(limits === 6 && { queueTimeoutMs: 5000 }),
    ...common,
  };
}

function failureMode({ failure, edges }: Draw, index: number, count: number): unknown {
  if (failure === 0) return 'failRun';
  if (failure < 4) return 'skipDependents';
  if (failure < 6 || index === count - 1) return 'continue';
  return { goto: later(edges[0] ?? 0, index, count) };
}

function updatesOf({ read, limits }: Draw): object {
  const updates = { total: 1, log: 'x', last: READS[read] ?? { cel: 'input.missing' }, scratch: 2 };
  return limits === 0 ? { ...updates, seen: { __overwrite: true, value: {} } } : updates;
}

function routesOf({ edges, limits }: Draw, index: number, count: number): object {
  const [first = 0, second = 1] = edges;
  return {
    on: limits === 1 ? 'input.other' : 'input.route',
    routes: { a: later(first, index, count), b: later(second, index, count), c: '__end__' },
    ...(limits === 2 && { default: later(second, index, count) }),
  };
}

function later(choice: number, index: number, count: number): string {
  return `n${index + 1 + (choice % (count - index - 1))}`;
}
