import type { Submission } from '@weft/engine/ports';
import { describe, expect, test } from 'vitest';

import type { StoresUnderTest } from './opened-stores.ts';
import { newRun, settleOne, submitRun, task, unique } from './store-records.ts';

const DAY_MS = 24 * 3_600_000;

function kinds(submissions: readonly Submission[]): string[] {
  return submissions.map((submission) => submission.kind);
}

export function runStoreSubmit(stores: () => StoresUnderTest): void {
  describe('submits runs', () => {
    test('a submitted run is there with its body, its tasks and its first step', async () => {
      const { reader } = stores();
      const tags = ['a', 'with "quotes", {braces} and \\', ''];
      const tasks = (runId: string) => [task(runId, 'b#0'), task(runId, 'a#0')];
      const { id } = await submitRun(stores(), { input: { n: 1 }, config: { c: [] }, tags, tasks });

      const run = await reader.run('acme', id);
      expect(run).toMatchObject({ input: { n: 1 }, config: { c: [] }, tags, output: null, error: null, endedAt: null });
      expect((await reader.tasks(id, { limit: 9, after: null })).map(({ key }) => key)).toEqual(['a#0', 'b#0']);
      expect(await reader.steps(id, { afterStep: 0, limit: 9 })).toMatchObject([{ step: 1, type: 'run_started' }]);
    });

    test('runs of one call are written together', async () => {
      const { runs, reader } = stores();
      const group = [newRun(), newRun({ head: { status: 'succeeded' } }), newRun()];

      expect(kinds(await runs.submit(group))).toEqual(['created', 'created', 'created']);
      const stored = await Promise.all(group.map(({ head }) => reader.run('acme', head.id)));
      expect(stored.map((run) => run?.head)).toEqual(group.map(({ head }) => head));
      expect(stored.map((run) => run?.endedAt !== null)).toEqual([false, true, false]);
    });

    test('a run is decided and dated by the time of the database', async () => {
      const { runs, reader } = stores();
      const run = newRun();
      let decidedAt = 0;
      function plan(now: number) {
        decidedAt = now;
        return run.plan(now);
      }
      await runs.submit([{ ...run, plan }]);

      expect(decidedAt).toBe((await reader.run('acme', run.head.id))?.createdAt);
      expect(Number.isInteger(decidedAt)).toBe(true);
    });

    test('A11: a run that cannot be stored takes back all runs of its call', async () => {
      const { runs, reader } = stores();
      const [good, bad] = [newRun(), newRun({ tags: ['a\u0000'] })];

      await expect(runs.submit([good, bad])).rejects.toMatchObject({ code: 'store_refused', transient: false });
      expect(await reader.run('acme', good.head.id)).toBeNull();
      expect(kinds(await runs.submit([good]))).toEqual(['created']);
    });
  });

  describe('knows a submission again', () => {
    const keyed = (key: string, payloadHash = 'p') => newRun({ idempotency: { key, payloadHash } });

    test('A10: the same key with the same payload gives the same run, and writes nothing', async () => {
      const { runs, reader } = stores();
      const [first, second] = [keyed('same'), keyed('same')];
      await runs.submit([first]);

      expect(await runs.submit([second])).toEqual([{ kind: 'existing', runId: first.head.id }]);
      expect(await reader.run('acme', second.head.id)).toBeNull();
    });

    test('A10: the same key with another payload is a conflict', async () => {
      const { runs } = stores();
      const first = keyed('other', 'p');
      await runs.submit([first]);

      expect(await runs.submit([keyed('other', 'q')])).toEqual([{ kind: 'conflict', runId: first.head.id }]);
    });

    test('a key belongs to its tenant', async () => {
      const { runs } = stores();
      const elsewhere = keyed('mine');
      elsewhere.head.workflow = { tenant: 'globex', name: 'flow', version: 1 };
      await runs.submit([keyed('mine')]);

      expect(kinds(await runs.submit([elsewhere]))).toEqual(['created']);
    });

    test('equal keys within one call: the first one counts', async () => {
      const { runs } = stores();
      const [first, again, other] = [keyed('twice'), keyed('twice'), keyed('twice', 'q')];
      const { id: runId } = first.head;

      const expected = [{ kind: 'created' }, { kind: 'existing', runId }, { kind: 'conflict', runId }];
      expect(await runs.submit([first, again, other])).toEqual(expected);
    });

    test('two submissions of one key at once give one run', async () => {
      const { runs } = stores();
      const submissions = await Promise.all([runs.submit([keyed('race')]), runs.submit([keyed('race')])]);

      expect(kinds(submissions.flat()).toSorted()).toEqual(['created', 'existing']);
    });

    test('groups that take the same keys in any order do not block each other for good', async () => {
      const { runs } = stores();
      const keys = Array.from({ length: 20 }, (_, n) => `group-${n}`);
      const orders = [keys, keys.toReversed(), keys.toSorted(), keys];

      const results = await Promise.all(orders.map((order) => runs.submit(order.map((key) => keyed(key)))));
      expect(kinds(results.flat()).filter((kind) => kind === 'created')).toHaveLength(keys.length);
    });

    test('a key is good for seven days', async () => {
      const { runs, elapse } = stores();
      const [first, second] = [keyed('old'), keyed('old', 'q')];
      await runs.submit([first]);
      await elapse(7 * DAY_MS - 60_000);
      expect(await runs.submit([keyed('old')])).toEqual([{ kind: 'existing', runId: first.head.id }]);

      await elapse(120_000);
      expect(kinds(await runs.submit([second]))).toEqual(['created']);
      expect(await runs.submit([keyed('old', 'q')])).toEqual([{ kind: 'existing', runId: second.head.id }]);
    });

    test.each([null, { key: unique('retried'), payloadHash: 'p' }])(
      'A11: a submission that is sent again after a lost answer finds its run and leaves it alone (key: %j)',
      async (idempotency) => {
        const { runs, reader } = stores();
        const [sent, fresh] = [newRun({ idempotency }), newRun()];
        await runs.submit([sent]);
        await settleOne(stores(), sent.head.id);

        expect(kinds(await runs.submit([sent, fresh]))).toEqual(['created', 'created']);
        expect((await reader.run('acme', sent.head.id))?.head.step).toBe(2);
        expect((await reader.run('acme', fresh.head.id))?.head.step).toBe(1);
      },
    );
  });
}
