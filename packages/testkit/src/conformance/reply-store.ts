import type { ReplyStore } from '@weft/engine/ports';
import { describe, expect, onTestFinished, test } from 'vitest';

/** A store to test, empty at first, and another client of the same; the same object, if there can be one only. */
export type ReplyStoreUnderTest = { store: ReplyStore; other: ReplyStore; dispose?: () => Promise<void> };

const LEASE_MS = 60_000;

/** What every ReplyStore promises. */
export function replyStoreConformance(
  name: string,
  open: () => ReplyStoreUnderTest | Promise<ReplyStoreUnderTest>,
): void {
  const openOne = async (): Promise<ReplyStoreUnderTest> => {
    const opened = await open();
    onTestFinished(async () => opened.dispose?.());
    return opened;
  };

  describe(`the reply store ${name}`, () => {
    test('keeps the first answer to what was asked for, for everybody', async () => {
      const { store, other } = await openOne();
      const before = await store.open('a');
      const fates = [await other.put('a', 1, { response: 'one' }), await store.put('a', 1, { response: 'two' })];

      expect(before).toEqual({ send: 1, reply: null, note: null });
      expect(fates).toEqual(['kept', 'repeated']);
      expect(await store.open('a')).toEqual({ send: 1, reply: { response: 'one' }, note: null });
    });

    test('of many answers at once keeps one', async () => {
      const { store, other } = await openOne();
      await store.open('a');
      const fates = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => (n % 2 ? store : other).put('a', 1, n)));

      expect(fates.filter((fate) => fate === 'kept')).toHaveLength(1);
      expect((await other.open('a')).reply).toBe(fates.indexOf('kept') + 1);
    });

    test('keeps what nobody asked for, since what was asked may have been forgotten', async () => {
      const { store, other } = await openOne();

      expect(await store.put('a', 2, 'an answer')).toBe('unasked');
      expect([await other.put('a', 1, 'another'), await other.put('a', 2, 'another')]).toEqual(['late', 'repeated']);
      expect(await store.open('a')).toEqual({ send: 2, reply: 'an answer', note: null });
    });

    test('takes an answer to a later send for its word', async () => {
      const { store, other } = await openOne();
      await store.open('a');
      await store.note('a', 1, 'sent');

      expect(await other.put('a', 3, 'an answer')).toBe('kept');
      expect(await store.open('a')).toEqual({ send: 3, reply: 'an answer', note: null });
    });

    test('tells late answers apart, and never keeps them', async () => {
      const { store, other } = await openOne();
      await store.open('a');
      await store.note('a', 1, { taskId: 't' });
      await store.put('a', 1, { error: 'busy' });
      await store.reopen('a', 1);
      await other.reopen('a', 1);

      expect(await other.open('a')).toEqual({ send: 2, reply: null, note: null });
      expect(await other.put('a', 1, { error: 'busy' })).toBe('late');
      expect(await other.put('a', 2, 'an answer')).toBe('kept');
      expect((await store.open('a')).reply).toBe('an answer');
    });

    test('keeps a note, but none on a send that is over', async () => {
      const { store, other } = await openOne();
      await store.open('a');
      await store.note('a', 1, { taskId: 't' });
      const noted = await other.open('a');
      await store.reopen('a', 1);
      await store.note('a', 1, 'too late');

      expect(noted.note).toEqual({ taskId: 't' });
      expect((await other.open('a')).note).toBeNull();
    });

    test('a mailbox has one holder at a time, and all see whether it is open', async () => {
      const { store, other } = await openOne();
      const mine = await store.attend('m', 'one', LEASE_MS);
      const refused = await other.attend('m', 'two', LEASE_MS);
      const opened = [await other.openMailbox('m', 'two', true), await store.openMailbox('m', 'one', true)];

      expect(mine).toEqual({ isMine: true, epoch: 0, isOpen: false });
      expect(refused).toEqual({ isMine: false, epoch: 0, isOpen: false });
      expect(opened).toEqual([null, 1]);
      expect(await other.attend('m', 'two', LEASE_MS)).toEqual({ isMine: false, epoch: 1, isOpen: true });
      expect(await store.attend('m', 'one', LEASE_MS)).toEqual({ isMine: true, epoch: 1, isOpen: true });
    });

    test('a mailbox that was left is taken by the next, who has to open it anew', async () => {
      const { store, other } = await openOne();
      await store.attend('m', 'one', LEASE_MS);
      await store.openMailbox('m', 'one', true);
      await other.leave('m', 'two');
      const before = await other.attend('m', 'two', LEASE_MS);
      await store.leave('m', 'one');

      expect(before.isMine).toBe(false);
      expect(await other.attend('m', 'two', LEASE_MS)).toEqual({ isMine: true, epoch: 1, isOpen: false });
      expect(await other.openMailbox('m', 'two', false)).toBe(1);
      expect(await other.openMailbox('m', 'two', true)).toBe(2);
    });

    test('a mailbox whose holder died is taken when its lease is over', async () => {
      const { store, other } = await openOne();
      await store.attend('m', 'one', 30);
      await store.openMailbox('m', 'one', true);

      await expect
        .poll(() => other.attend('m', 'two', LEASE_MS), { timeout: 5000 })
        .toEqual({ isMine: true, epoch: 1, isOpen: false });
      expect(await store.openMailbox('m', 'one', false)).toBeNull();
    });
  });
}
