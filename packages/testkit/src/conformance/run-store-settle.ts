import type { RunHead, TaskRecord } from '@weft/engine/domain';
import { describe, expect, test } from 'vitest';

import type { StoresUnderTest } from './opened-stores.ts';
import {
  change,
  look,
  newRunId,
  plan,
  reads,
  settleOne,
  snapshotOf,
  step,
  submitRun,
  task,
  valuesOf,
} from './store-records.ts';

export function runStoreSettle(stores: () => StoresUnderTest): void {
  async function stepOf({ id }: RunHead): Promise<number | undefined> {
    return (await stores().reader.run('acme', id))?.head.step;
  }

  describe('settles runs', () => {
    test('several runs of one call take their steps together', async () => {
      const [a, b] = [await submitRun(stores()), await submitRun(stores())];
      const settlements = await stores().runs.settle([change(b.id), change(a.id)], { wait: false });

      expect(settlements.map(({ runId, kind }) => [runId, kind])).toEqual([
        [b.id, 'settled'],
        [a.id, 'settled'],
      ]);
      expect([await stepOf(a), await stepOf(b)]).toEqual([2, 2]);
    });

    test('a head is rewritten as decided', async () => {
      const { id } = await submitRun(stores());
      const counts = { epoch: 3, live: 4, asking: 5, generations: 6, failed: 7, openJoins: 8 } as const;
      await settleOne(stores(), id, (_, next) => ({ head: Object.assign(next, counts, { status: 'interrupted' }) }));

      const { head } = await look(stores(), id);
      expect(head).toMatchObject({ id, step: 2, status: 'interrupted', ...counts });
    });

    test('a run has an end as long as its status is final', async () => {
      const { reader } = stores();
      const { id } = await submitRun(stores());
      const turn = (status: RunHead['status']) => settleOne(stores(), id, (_, next) => ({ head: { ...next, status } }));

      await turn('failed');
      const end = (await reader.run('acme', id))?.endedAt;
      await turn('failed');
      expect((await reader.run('acme', id))?.endedAt).toBe(end);
      await turn('running');
      expect((await reader.run('acme', id))?.endedAt).toBeNull();
    });

    test('a run that does not exist is missing; the others are settled', async () => {
      const { runs } = stores();
      const known = await submitRun(stores());
      const settlements = await runs.settle([change(newRunId()), change(known.id)], { wait: false });

      expect(settlements.map(({ kind }) => kind)).toEqual(['missing', 'settled']);
    });

    test('A9: a run that another transaction holds is skipped; the others are settled', async () => {
      const { runs, hold } = stores();
      const [held, free] = [await submitRun(stores()), await submitRun(stores())];
      const release = await hold(held.id);
      const settlements = await runs.settle([change(held.id), change(free.id)], { wait: false });
      await release();

      expect(settlements.map(({ kind }) => kind)).toEqual(['locked', 'settled']);
      expect([await stepOf(held), await stepOf(free)]).toEqual([1, 2]);
    });

    test('A9: a run that is held is waited for when asked to', async () => {
      const { runs, hold } = stores();
      const held = await submitRun(stores());
      const release = await hold(held.id);
      const settling = runs.settle([change(held.id)], { wait: true });
      await release();

      expect(await settling).toMatchObject([{ kind: 'settled' }]);
      expect(await stepOf(held)).toBe(2);
    });

    test('A8: whoever waits for a run sees what was committed meanwhile', async () => {
      const { runs, reader } = stores();
      const run = await submitRun(stores());
      const settle = () => {
        const counting = change(run.id, ({ snapshot }, next) => {
          const count = (valuesOf(snapshot.channels.get('n'))?.base ?? 0) as number;
          return { writes: [{ channel: 'n', step: next.step, kind: 'base', value: count + 1 }] };
        });
        return runs.settle([{ ...counting, reads: reads({ channels: ['n'] }) }], { wait: true });
      };
      await Promise.all(Array.from({ length: 20 }, settle));

      expect(await stepOf(run)).toBe(21);
      expect(valuesOf((await reader.channels(run.id, null)).get('n'))).toEqual({ base: 20, deltas: [] });
    });

    test('A9: calls that name the same runs in any order do not block each other for good', async () => {
      const { runs } = stores();
      const ids = await Promise.all(Array.from({ length: 10 }, async () => (await submitRun(stores())).id));
      const rounds = Array.from({ length: 8 }, (_, n) => (n % 2 ? ids : ids.toReversed()));
      await Promise.all(
        rounds.map((order) =>
          runs.settle(
            order.map((id) => change(id)),
            { wait: true },
          ),
        ),
      );

      const heads = await Promise.all(ids.map((id) => look(stores(), id)));
      expect(heads.map(({ head }) => head.step)).toEqual(ids.map(() => 9));
    });

    test('A8: a run that is still as the caller remembers it is settled on that, and its rows are as ever', async () => {
      const decides = ({ snapshot: { head } }: { snapshot: { head: RunHead } }) => {
        const done = { status: 'succeeded', settledStep: 2, output: { "it's": 'ok "\\' }, worker: 'w' } as const;
        return {
          head: { ...head, step: 2, live: 1, openJoins: 1 },
          steps: [step(2, { key: 'a#0', node: 'a', attempt: 1, worker: 'w', facts: { v: 1, writes: ['log'] } })],
          tasks: [task(head.id, 'a#0', done), task(head.id, 'b#0', { captured: { n: null }, readsAt: 2 })],
          armed: new Set(['b#0']),
          joins: [{ key: 'c#0', ended: 1, taken: 1, failed: 0, fired: false }],
          writes: [{ channel: 'log', step: 2, kind: 'base' as const, value: null }],
          applied: [true],
        };
      };
      const settled = async (remembers: boolean) => {
        const run = await submitRun(stores(), { head: { live: 1 }, tasks: (id) => [task(id, 'a#0')] });
        const remembered = remembers ? snapshotOf(run) : null;
        const wanted = { ...change(run.id, decides), remembered };
        const [settlement] = await stores().runs.settle([wanted], { wait: false });
        const { head: _, mail: __, ...rows } = await look(stores(), run.id, { everything: true, channels: ['log'] });
        const tasks = Object.fromEntries(
          Array.from(rows.tasks, ([key, { id: ___, readyAt: ____, settledAt: _____, ...kept }]) => [key, kept]),
        );
        return { settlement, rows: { ...rows, tasks } };
      };
      await stores().runs.settle([change((await submitRun(stores())).id)], { wait: false }); // tells the time
      const [asRead, asRemembered] = [await settled(false), await settled(true)];

      expect(asRead.settlement).toMatchObject({ kind: 'settled', asRemembered: false });
      expect(asRemembered.settlement).toMatchObject({ kind: 'settled', asRemembered: true });
      expect(asRemembered.rows).toEqual(asRead.rows);
    });

    test('A8: a run that is not as it is remembered is read, while the others are settled', async () => {
      const { runs } = stores();
      const [moved, still] = [await submitRun(stores()), await submitRun(stores())];
      await runs.settle([change(moved.id)], { wait: false });
      const changes = [moved, still].map((run) => {
        const applied = { applied: [true] };
        const decides = (_: unknown, next: RunHead) => ({ head: next, steps: [step(next.step)], ...applied });
        return { ...change(run.id, decides), remembered: snapshotOf(run) };
      });
      const settlements = await runs.settle(changes, { wait: false });

      expect(settlements).toMatchObject([{ asRemembered: false }, { asRemembered: true }]);
      expect([await stepOf(moved), await stepOf(still)]).toEqual([3, 2]);
    });

    test('A11: a row that cannot be written takes back all runs of the call', async () => {
      const { runs } = stores();
      const [good, bad] = [await submitRun(stores()), await submitRun(stores())];
      const doubled = change(bad.id, () => ({ steps: [step(1)] }));

      const refused = { code: 'store_refused', transient: false, outcomeUnknown: false };
      await expect(runs.settle([change(good.id), doubled], { wait: false })).rejects.toMatchObject(refused);
      expect([await stepOf(good), await stepOf(bad)]).toEqual([1, 1]);
    });

    test('a decision that throws changes nothing and holds nothing', async () => {
      const { runs } = stores();
      const [a, b] = [await submitRun(stores()), await submitRun(stores())];
      const broken = change(b.id, () => {
        throw new Error('on purpose');
      });

      await expect(runs.settle([change(a.id), broken], { wait: false })).rejects.toThrow('on purpose');
      expect(await stepOf(a)).toBe(1);
      expect(await runs.settle([change(a.id), change(b.id)], { wait: false })).toMatchObject([
        { kind: 'settled' },
        { kind: 'settled' },
      ]);
    });
  });

  describe('shows a run to its decision', () => {
    test('what was asked for and exists, and nothing else', async () => {
      const { runs } = stores();
      const tasks = (runId: string) => [task(runId, 'a#0'), task(runId, 'b#0')];
      const join = { key: 'j#0', ended: 1, taken: 1, failed: 0, fired: false };
      const writes = [{ channel: 'c', step: 1, kind: 'delta', value: 1 }] as const;
      const run = { input: { n: 1 }, config: { c: 2 }, tasks, decides: { joins: [join], writes: [...writes] } };
      const { id } = await submitRun(stores(), run);
      await runs.sendMail(id, { id: newRunId(), kind: 'close', payload: { x: 1 }, dedupeKey: 'x' });

      const nothing = await look(stores(), id);
      expect([nothing.tasks.size, nothing.joins.size, nothing.channels.size, nothing.body]).toEqual([0, 0, 0, null]);
      expect(nothing.mail).toMatchObject([{ kind: 'close', payload: { x: 1 } }]);

      const seen = await look(stores(), id, {
        tasks: ['a#0', 'z#0'],
        joins: ['j#0'],
        channels: ['c', 'd'],
        body: true,
      });
      expect([...seen.tasks.keys()]).toEqual(['a#0']);
      expect(seen.joins.get('j#0')).toEqual(join);
      expect([...seen.channels.keys()]).toEqual(['c']);
      expect(seen.body).toEqual({ input: { n: 1 }, config: { c: 2 } });
    });

    test('a task as it was written, whole', async () => {
      const now = Date.UTC(2026, 4, 1, 12, 0, 0, 123);
      const settled: Partial<TaskRecord> = {
        status: 'failed',
        attempt: 4,
        failures: 2,
        crashes: 1,
        blamed: true,
        readyAt: now,
        lane: 'gpu',
        priority: 0,
        captured: { s: [1] },
        fate: { kind: 'skip', failed: true },
        output: { o: 'x' },
        error: { code: 'c', message: 'm', retryable: true },
        settledStep: 1,
        settledAt: now,
      };
      const { id } = await submitRun(stores(), { tasks: (runId) => [task(runId, 'a#0', settled)] });

      expect((await look(stores(), id, { tasks: ['a#0'] })).tasks.get('a#0')).toEqual(task(id, 'a#0', settled));
    });

    test('the newest activation of a task counts', async () => {
      const tasks = (runId: string) => [
        task(runId, 'a#0', { epoch: 2, attempt: 9 }),
        task(runId, 'a#0', { epoch: 1, attempt: 5 }),
      ];
      const { id } = await submitRun(stores(), { tasks });

      expect((await look(stores(), id, { tasks: ['a#0'] })).tasks.get('a#0')).toMatchObject({ epoch: 2, attempt: 9 });
      expect((await look(stores(), id, { everything: true })).tasks.get('a#0')).toMatchObject({ epoch: 2, attempt: 9 });
    });

    test('every task and join, if everything is asked for', async () => {
      const tasks = (runId: string) => [task(runId, 'a#0'), task(runId, 'b#0')];
      const joins = ['j#0', 'k#0'].map((key) => ({ key, ended: 1, taken: 1, failed: 0, fired: false }));
      const { id } = await submitRun(stores(), { tasks, decides: { joins } });

      const seen = await look(stores(), id, { everything: true });
      expect([...seen.tasks.keys(), ...seen.joins.keys()].toSorted()).toEqual(['a#0', 'b#0', 'j#0', 'k#0']);
    });

    test('A11: left-over inline nodes in the order in which they were armed, a hundred at a time', async () => {
      const inline = (runId: string) =>
        Array.from({ length: 120 }, (_, n) => task(runId, `i${n}#0`, { lane: null, readsAt: 200 - n }));
      const ready = (runId: string) => [...inline(runId), task(runId, 'a#0')];
      const { id } = await submitRun(stores(), { tasks: ready });

      const seen = await look(stores(), id, { inline: true });
      expect(seen.inline).toEqual(Array.from({ length: 100 }, (_, n) => `i${119 - n}#0`));
      expect([...seen.tasks.keys()]).toEqual(seen.inline);
    });

    test('more and more of it, until the decision needs no more', async () => {
      const { runs } = stores();
      const tasks = (runId: string) => [task(runId, 'a#0'), task(runId, 'b#0')];
      const { id } = await submitRun(stores(), { tasks, input: 'given' });
      const rounds = [reads({ tasks: ['a#0'] }), reads({ tasks: ['b#0'], body: true }), reads({ everything: true })];
      const seen: string[] = [];
      const settlements = await runs.settle(
        [
          {
            runId: id,
            reads: reads(),
            decide({ snapshot }) {
              seen.push(`${[...snapshot.tasks.keys()].toSorted().join(' ')} ${JSON.stringify(snapshot.body?.input)}`);
              const more = rounds.shift();
              if (more) return { kind: 'needs', reads: more };
              return { kind: 'planned', plan: plan({ ...snapshot.head, step: 2 }) };
            },
          },
        ],
        { wait: false },
      );

      expect(seen).toEqual([' undefined', 'a#0 undefined', 'a#0 b#0 "given"', 'a#0 b#0 "given"']);
      expect(settlements).toMatchObject([{ kind: 'settled' }]);
    });
  });
}
