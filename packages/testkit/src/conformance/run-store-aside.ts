import type { ChannelWrite, Mail } from '@weft/engine/domain';
import { describe, expect, test } from 'vitest';

import type { StoresUnderTest } from './opened-stores.ts';
import { look, newRunId, settleOne, submitRun, task, valuesOf } from './store-records.ts';

/** What a settle writes beside tasks: state, timers, mail, usage, the end of the run. */
export function runStoreAside(stores: () => StoresUnderTest): void {
  describe('keeps the state', () => {
    async function channelAfter(writes: readonly (readonly [number, ChannelWrite['kind'], unknown])[]) {
      const { id } = await submitRun(stores());
      const toWrite = ([step, kind, value]: (typeof writes)[number]) =>
        ({ channel: 'c', step, kind, value }) as ChannelWrite;
      for (const write of writes) await settleOne(stores(), id, () => ({ writes: [toWrite(write)] }));
      return { id, channel: (await look(stores(), id, { channels: ['c'] })).channels.get('c') };
    }

    test('C2: a channel without a base is its deltas, in order', async () => {
      const { channel } = await channelAfter([
        [2, 'delta', [1]],
        [3, 'delta', [2]],
        [10, 'delta', [3]],
      ]);

      expect(channel).toMatchObject({ base: undefined, deltas: [[1], [2], [3]], lastStep: 10, baseBytes: 0 });
      expect(channel?.deltaBytes).toBe(9);
    });

    test('C2: a base takes the place of all before it', async () => {
      const { channel } = await channelAfter([
        [2, 'delta', 1],
        [3, 'base', 'new'],
        [4, 'delta', 2],
      ]);

      expect(channel).toMatchObject({ base: 'new', deltas: [2], lastStep: 4, baseBytes: 5, deltaBytes: 1 });
    });

    test('C2: a compaction stands for the delta of its own step as well', async () => {
      const { id, channel } = await channelAfter([
        [2, 'delta', 1],
        [3, 'delta', 2],
        [3, 'base', 3],
        [4, 'delta', 4],
      ]);

      expect(valuesOf(channel)).toEqual({ base: 3, deltas: [4] });
      expect(valuesOf((await stores().reader.channels(id, 2)).get('c'))).toEqual({ base: undefined, deltas: [1] });
      expect(valuesOf((await stores().reader.channels(id, 3)).get('c'))).toEqual({ base: 3, deltas: [] });
    });

    test('C2: two settles that compact the same deltas say the same', async () => {
      const { channel } = await channelAfter([
        [2, 'delta', 1],
        [2, 'base', 1],
        [2, 'base', 1],
      ]);

      expect(valuesOf(channel)).toEqual({ base: 1, deltas: [] });
    });

    test('a base may be null', async () => {
      const { channel } = await channelAfter([[2, 'base', null]]);

      expect(valuesOf(channel)).toEqual({ base: null, deltas: [] });
    });
  });

  describe('keeps timers', () => {
    async function timersOf(runId: string) {
      const due = await stores().dispatch.dueTimers(3_600_000, 100_000);
      return due
        .filter((timer) => timer.runId === runId)
        .map(({ key, kind, attempt, dueAt }) => ({ key, kind, attempt, dueAt }));
    }

    test('A12: a timer is set, set anew and cleared by task and kind', async () => {
      const { id } = await submitRun(stores());
      const dueAt = Date.now() + 5000;
      const retry = { key: 'a#0', kind: 'retry', attempt: 1, dueAt } as const;
      const queue = { ...retry, kind: 'queue', dueAt: dueAt + 1 } as const;
      await settleOne(stores(), id, () => ({ timersSet: [retry, queue] }));
      expect(await timersOf(id)).toEqual([retry, queue]);

      const later = { ...retry, attempt: 2, dueAt: dueAt + 2 };
      await settleOne(stores(), id, () => ({ timersSet: [later] }));
      expect(await timersOf(id)).toEqual([queue, later]);

      await settleOne(stores(), id, () => ({ timersCleared: [{ key: 'a#0', kind: 'queue' }] }));
      expect(await timersOf(id)).toEqual([later]);
    });

    test('A12: a timer that is cleared and set in one step is set', async () => {
      const { id } = await submitRun(stores());
      const timer = { key: 'a#0', kind: 'retry', attempt: 1, dueAt: Date.now() } as const;
      await settleOne(stores(), id, () => ({ timersSet: [timer] }));
      const again = { ...timer, attempt: 2 };
      await settleOne(stores(), id, () => ({ timersSet: [again], timersCleared: [{ key: 'a#0', kind: 'retry' }] }));

      expect(await timersOf(id)).toEqual([again]);
    });
  });

  describe('keeps mail', () => {
    const mail = (dedupeKey: string, payload = {}) => ({ id: newRunId(), kind: 'cancel' as const, payload, dedupeKey });
    const payloads = (all: Mail[]) => all.map(({ payload }) => payload);

    test('A10: mail waits until a settle consumes it', async () => {
      const { runs } = stores();
      const { id } = await submitRun(stores());
      const [first, second] = [mail('1', { n: 1 }), mail('2', { n: 2 })];
      await runs.sendMail(id, first);
      await runs.sendMail(id, second);
      expect((await look(stores(), id)).mail).toHaveLength(2);

      await settleOne(stores(), id, () => ({ consumedMail: [first.id] }));
      expect(payloads((await look(stores(), id)).mail)).toEqual([{ n: 2 }]);
    });

    test('A10: a message under a key is sent once, and the key then tells for what it was used', async () => {
      const { runs } = stores();
      const { id } = await submitRun(stores());
      const key = { tenant: 'acme', key: newRunId(), payloadHash: 'p' };
      expect(await runs.usedKey('acme', key.key)).toBeNull();
      const sent = await Promise.all([1, 2, 3].map((n) => runs.sendMail(id, mail(`${n}`, { n }), key)));

      expect(sent.filter(Boolean)).toHaveLength(1);
      expect((await look(stores(), id)).mail).toHaveLength(1);
      expect(await runs.usedKey('acme', key.key)).toEqual({ payloadHash: 'p', runId: id });
      expect(await runs.usedKey('globex', key.key)).toBeNull();
      await stores().elapse(8 * 24 * 3_600_000);
      expect(await runs.usedKey('acme', key.key)).toBeNull();
      expect(await runs.sendMail(id, mail('4', { n: 4 }), key)).toBe(true);
    });

    test('A10: the same message twice is one', async () => {
      const { runs } = stores();
      const [a, b] = [await submitRun(stores()), await submitRun(stores())];
      await runs.sendMail(a.id, mail('same', { n: 1 }));
      await runs.sendMail(a.id, mail('same', { n: 2 }));
      await runs.sendMail(b.id, mail('same', { n: 3 }));

      expect(payloads((await look(stores(), a.id)).mail)).toEqual([{ n: 1 }]);
      expect(payloads((await look(stores(), b.id)).mail)).toEqual([{ n: 3 }]);
    });

    test('A10: a run has at most one message of a kind to itself', async () => {
      const { id } = await submitRun(stores());
      const sentMail = [{ to: null, kind: 'close', payload: { window: 1 }, dedupeKey: null } as const];
      await settleOne(stores(), id, () => ({ sentMail }));
      await settleOne(stores(), id, () => ({ sentMail }));

      expect((await look(stores(), id)).mail).toMatchObject([{ kind: 'close', payload: { window: 1 } }]);
    });

    test('A10: mail that arrives while its run is settled is not lost', async () => {
      const { runs, hold } = stores();
      const { id } = await submitRun(stores());
      const release = await hold(id);
      await runs.sendMail(id, mail('meanwhile', { n: 1 }));
      await release();

      expect(payloads((await look(stores(), id)).mail)).toEqual([{ n: 1 }]);
    });
  });

  describe('keeps accounts', () => {
    test('A5: what an attempt has spent is counted once', async () => {
      const { reader } = stores();
      const { id } = await submitRun(stores(), { tasks: (runId) => [task(runId, 'a#0'), task(runId, 'b#0')] });
      const usage = { inputTokens: 10, outputTokens: 5, usd: 0.25 };
      const first = { key: 'a#0', epoch: 0, attempt: 1, usage };
      const again = { ...first, usage: { ...usage, inputTokens: 999 } };
      await settleOne(stores(), id, () => ({ usage: [first, { ...first, key: 'b#0' }] }));
      await settleOne(stores(), id, () => ({ usage: [again, { ...first, attempt: 2 }] }));

      expect((await reader.run('acme', id))?.usage).toEqual({ inputTokens: 30, outputTokens: 15, usd: 0.75 });
      const [a] = await reader.tasksByKey(id, ['a#0']);
      expect(a?.usage).toEqual({ inputTokens: 20, outputTokens: 10, usd: 0.5 });
    });

    test('a run ends with its output or its error, and is rid of both when it is opened again', async () => {
      const { reader } = stores();
      const { id } = await submitRun(stores());
      const error = { code: 'c', message: 'm', retryable: false };
      await settleOne(stores(), id, () => ({ ending: { error: null, output: { n: 1 } } }));
      expect(await reader.run('acme', id)).toMatchObject({ output: { n: 1 }, error: null });

      await settleOne(stores(), id, () => ({ ending: { error } }));
      expect(await reader.run('acme', id)).toMatchObject({ output: null, error });

      await settleOne(stores(), id, (_, next) => ({ head: { ...next, epoch: 1 }, ending: { error: null } }));
      expect(await reader.run('acme', id)).toMatchObject({ output: null, error: null });
    });
  });
}
