import type { Json } from '@weft/contract';
import { describe, expect, test } from 'vitest';
import { Scenario } from './scenario.ts';

function fan(parts: object = {}, target: object = {}): object {
  return {
    name: 'fan',
    state: { all: { type: 'array' } },
    nodes: {
      each: { type: 'send', items: '${input.items}', target: 'work', ...parts },
      work: { type: 'task', uses: 'echo', with: { it: '${item}' }, ...target },
      sum: { type: 'task', uses: 'echo', with: { all: '${each}' }, needs: ['each'] },
    },
  };
}

const key = (index: number): string => `each#0[${index}]/work#0`;

describe('send', () => {
  test('B7: arms a task of the target for each item, and gives their outputs in order of the items', () => {
    const run = new Scenario(fan(), { input: { items: ['a', 'b', 'c'] } });
    expect(run.claims.map(({ key: claimed }) => claimed)).toEqual([key(0), key(1), key(2)]);
    expect(run.task(key(1)).item).toBe('b');
    for (const index of [2, 0, 1]) run.succeed(key(index), index * 10);
    expect(run.statuses['each']).toBe('succeeded');
    expect(run.rows.itemsOf('each#0')).toEqual([0, 10, 20]);
    run.succeed('sum');
    expect(run.status).toBe('succeeded');
  });

  test('B7: at most `concurrency` items are ahead, refilled as they end', () => {
    const items = Array.from({ length: 450 }, (_, index) => index);
    const run = new Scenario(fan({ concurrency: 3 }), { input: { items } });
    expect(run.claims.length).toBe(3);
    for (let index = 0; index < items.length; index++) {
      expect(run.claims.length).toBe(Math.min(index + 3, items.length));
      expect(run.task(key(index)).item).toBe(index);
      run.succeed(key(index), index);
    }
    expect(run.statuses['each']).toBe('succeeded');
    expect(run.rows.itemsOf('each#0')).toEqual(items);
  });

  test('B7: no items give an empty array at once', () => {
    const run = new Scenario(fan(), { input: { items: [] } });
    expect(run.task('each').output).toEqual([]);
    expect(run.statuses['sum']).toBe('ready');
  });

  test('B7: what is no array fails the send', () => {
    expect(new Scenario(fan(), { input: { items: 5 } }).errorCode).toBe('bad_items');
  });

  test('B7: an item that fails gives null and lets the others go on, if the send says so', () => {
    const run = new Scenario(fan({ onItemFailure: 'continue', output: 'all' }), { input: { items: [1, 2] } });
    run.fail(key(0));
    run.succeed(key(1), 'two');
    expect(run.statuses['each']).toBe('succeeded');
    expect(run.rows.channel('all')?.base).toEqual([null, 'two']);
  });

  test('B7: else an item that fails fails its send, and so the run; a retry does the items again that failed', () => {
    const run = new Scenario(fan(), { input: { items: [1, 2, 3] } });
    run.succeed(key(1), 'two');
    run.fail(key(0));
    expect(run.status).toBe('failed');
    expect(run.errorCode).toBe('item_failed');
    run.mail('retry');
    expect(run.task(key(0)).status).toBe('ready');
    expect(run.task(key(2)).status).toBe('ready');
    run.succeed(key(0), 'one');
    run.succeed(key(2), 'three');
    expect(run.rows.itemsOf('each#0')).toEqual(['one', 'two', 'three']);
    run.succeed('sum');
    expect(run.status).toBe('succeeded');
  });

  test('B6: sends nest: the key of a task is the path of its items', () => {
    const run = new Scenario(
      {
        name: 'nested',
        nodes: {
          rows: { type: 'send', items: '${input.rows}', target: 'cells' },
          cells: { type: 'send', items: '${item}', target: 'cell' },
          cell: { type: 'task', uses: 'echo', with: '${item}' },
          end: { type: 'task', uses: 'echo', needs: ['rows'], when: 'nodes.rows[1][0] == 30' },
        },
      },
      { input: { rows: [[1, 2], [3], []] } },
    );
    expect(run.claims.map(({ key: claimed }) => claimed)).toEqual([
      'rows#0[0]/cells#0[0]/cell#0',
      'rows#0[0]/cells#0[1]/cell#0',
      'rows#0[1]/cells#0[0]/cell#0',
    ]);
    for (const { key: claimed } of run.claims.slice()) run.succeed(claimed, (run.task(claimed).item as number) * 10);
    expect(run.rows.itemsOf('rows#0')).toEqual([[10, 20], [30], []]);
    expect(run.statuses['end']).toBe('ready');
  });

  test('B7: an item whose condition is false is skipped, and gives null', () => {
    const run = new Scenario(fan({}, { when: 'item > 1' }), { input: { items: [1, 2] } });
    expect(run.statuses['work']).toBeDefined();
    expect(run.task(key(0)).status).toBe('skipped');
    run.succeed(key(1), 'two');
    expect(run.rows.itemsOf('each#0')).toEqual([null, 'two']);
  });

  test('A13: cancelling a run in the middle of a send refuses the outcomes that come later', () => {
    const run = new Scenario(fan({ concurrency: 2 }), { input: { items: [1, 2, 3, 4] } });
    const late = run.success(key(0), 'late');
    run.mail('cancel');
    expect(run.run(late)).toEqual([false]);
    expect(run.status).toBe('cancelled');
  });

  test('B4: a loop over a send arms its items anew, and what is left of the older ones arms nothing', () => {
    const run = new Scenario(
      {
        name: 'rounds',
        nodes: {
          each: { type: 'send', items: '${input.items}', target: 'work', needs: ['quick'] },
          work: { type: 'task', uses: 'echo' },
          quick: { type: 'task', uses: 'echo' },
          again: { type: 'route', on: 'nodes.quick', routes: { yes: 'quick', no: '__end__' }, needs: ['quick'] },
          other: { type: 'task', uses: 'echo', needs: ['each'] },
        },
      },
      { input: { items: [1] } },
    );
    run.succeed('quick', 'yes');
    const old = run.rows.newestTasks().filter(({ key: name }) => name.startsWith('each#0['));
    expect(old.length).toBe(1);
    expect(run.task('each#0').status).toBe('cancelled');
    run.succeed(old[0]?.key ?? '', 'old');
    run.succeed('quick', 'no');
    run.succeed('each#1[0]/work#0', 'new');
    run.succeed('other');
    expect(run.status).toBe('succeeded');
  });

  test('C2: the updates of an item apply as it settles', () => {
    const run = new Scenario(
      {
        name: 'collect',
        state: { got: { type: 'array', reducer: 'append', default: [] } },
        nodes: {
          each: { type: 'send', items: [1, 2], target: 'work' },
          work: { type: 'task', uses: 'echo', output: 'got' },
        },
      },
      {},
    );
    run.succeed(key(1), 'b');
    expect(run.rows.channel('got')?.deltas satisfies Json[] | undefined).toEqual(['b']);
    run.succeed(key(0), 'a');
    expect(run.rows.channel('got')?.deltas).toEqual(['b', 'a']);
    expect(run.status).toBe('succeeded');
  });
});
