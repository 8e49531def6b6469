import type { Mail, SentMail } from '@weft/engine/domain';
import { describe, expect, test } from 'vitest';

import type { StoresUnderTest } from './opened-stores.ts';
import { look, newRun, newRunId, plan, settleOne, submitRun } from './store-records.ts';

/** Mail that is kept for later, and mail from run to run (rule A10). */
export function runStoreMail(stores: () => StoresUnderTest): void {
  const signal = (n: number) => ({ id: newRunId(), kind: 'signal' as const, payload: { n }, dedupeKey: `s${n}` });
  const numbers = (all: readonly Mail[] | undefined) => all?.map(({ payload }) => payload['n']);

  describe('keeps mail for later', () => {
    async function withSignals(count: number) {
      const { id } = await submitRun(stores());
      const signals = Array.from({ length: count }, (_, n) => signal(n)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
      for (const one of signals) await stores().runs.sendMail(id, one);
      return { id, signals };
    }

    test('A10: it is read once, and then seen under its topic only, the oldest first', async () => {
      const { id, signals } = await withSignals(4);
      const [unread, ...others] = signals;
      const keptMail = others.map((one, n) => ({ id: one.id, topic: n === 1 ? 'after:b' : 'signal:go' }));
      await settleOne(stores(), id, () => ({ keptMail: keptMail.toReversed() }));

      const seen = await look(stores(), id, { kept: ['signal:go', 'after:b', 'signal:none'] });
      expect(seen.mail.map((mail) => mail.id)).toEqual([unread?.id]);
      expect([...seen.kept.keys()].toSorted()).toEqual(['after:b', 'signal:go']);
      expect(numbers(seen.kept.get('signal:go'))).toEqual([others[0]?.payload.n, others[2]?.payload.n]);
      expect(seen.kept.get('after:b')).toEqual([{ id: others[1]?.id, kind: 'signal', payload: others[1]?.payload }]);
      expect((await look(stores(), id)).kept.size).toBe(0);
    });

    test('A10: it is consumed like any other, and the same message again is none', async () => {
      const { id, signals } = await withSignals(2);
      const [first, second] = signals;
      await settleOne(stores(), id, () => ({ keptMail: signals.map((mail) => ({ id: mail.id, topic: 't' })) }));
      await settleOne(stores(), id, () => ({ consumedMail: [first?.id ?? ''] }));
      if (second) await stores().runs.sendMail(id, { ...second, id: newRunId() });

      const seen = await look(stores(), id, { kept: ['t'] });
      expect([seen.mail.length, seen.kept.get('t')?.map((mail) => mail.id)]).toEqual([0, [second?.id]]);
    });

    test('A10: a run that only keeps mail is not neglected', async () => {
      const { dispatch, elapse } = stores();
      const { id, signals } = await withSignals(1);
      await elapse(3000);
      const isNeglected = async () => (await dispatch.neglectedRuns(2000, 100_000)).includes(id);
      expect(await isNeglected()).toBe(true);
      await settleOne(stores(), id, () => ({ keptMail: signals.map((mail) => ({ id: mail.id, topic: 't' })) }));

      expect(await isNeglected()).toBe(false);
    });
  });

  describe('carries mail from run to run', () => {
    const letter = (to: string | null, n: number, parts: Partial<SentMail> = {}): SentMail => ({
      to,
      kind: 'child_ended',
      payload: { n },
      dedupeKey: `c${n}`,
      ...parts,
    });

    test('A10: each message once under its key, beside that to the run itself', async () => {
      const [parent, child] = [await submitRun(stores()), await submitRun(stores())];
      const mail = [letter(parent.id, 1), letter(parent.id, 2), letter(null, 3, { kind: 'close', dedupeKey: null })];
      await settleOne(stores(), child.id, () => ({ sentMail: mail }));
      await settleOne(stores(), child.id, () => ({ sentMail: mail }));

      const [toParent, toItself] = [await look(stores(), parent.id), await look(stores(), child.id)];
      expect(toParent.mail).toMatchObject([1, 2].map((n) => ({ kind: 'child_ended', payload: { n } })));
      expect(toItself.mail).toMatchObject([{ kind: 'close', payload: { n: 3 } }]);
    });

    test('A10: what one run sends is read in the order of its steps', async () => {
      const [parent, child] = [await submitRun(stores()), await submitRun(stores())];
      const sent = Array.from({ length: 30 }, (_, n) => n);
      for (let n = 0; n < sent.length; n += 3) {
        const sentMail = [n, n + 1, n + 2].map((at) => letter(parent.id, at));
        await settleOne(stores(), child.id, () => ({ sentMail }));
      }

      expect(numbers((await look(stores(), parent.id)).mail)).toEqual(sent);
    });

    test('A10: a child run is asked for before it exists, and its first decision consumes the wish', async () => {
      const { runs, dispatch, elapse } = stores();
      const [parent, child] = [await submitRun(stores()), newRun()];
      const { id } = child.head;
      const wish = letter(id, 1, { kind: 'start', payload: { input: ['x'] }, dedupeKey: 'start' });
      await settleOne(stores(), parent.id, () => ({ sentMail: [wish, letter(id, 2, { kind: 'cancel' })] }));
      await elapse(3000);
      expect(await dispatch.neglectedRuns(2000, 100_000)).toContain(id);
      const mail = await dispatch.startMail(id);
      expect(mail).toEqual({ id: expect.any(String), kind: 'start', payload: { input: ['x'] } });

      await runs.submit([{ ...child, plan: () => plan(child.head, { consumedMail: [mail?.id ?? ''] }) }]);
      expect(await dispatch.startMail(id)).toBeNull();
      expect((await look(stores(), id)).mail).toMatchObject([{ kind: 'cancel' }]);
    });

    test('a run that exists, or that nobody asks for, has no wish to be started', async () => {
      const { dispatch, runs } = stores();
      const { id } = await submitRun(stores());
      await runs.sendMail(id, { id: newRunId(), kind: 'start', payload: {}, dedupeKey: 's' });

      expect([await dispatch.startMail(id), await dispatch.startMail(newRunId())]).toEqual([null, null]);
    });
  });
}
