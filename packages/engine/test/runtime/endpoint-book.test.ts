import type { EndpointRecord } from '@weft/engine/ports';
import { EndpointBook } from '@weft/engine/runtime';
import { expect, test } from 'vitest';

const record = (tenant: string, name: string) => ({ tenant, name }) as EndpointRecord;

/** A registry whose answers come when they are let go. */
function registry() {
  const state = { version: 1, records: [record('acme', 'a')], lists: 0, gate: Promise.resolve() };
  const store = {
    version: async () => state.version,
    list: async () => {
      state.lists += 1;
      const seen = [...state.records];
      await state.gate;
      return seen;
    },
  };
  return { state, book: new EndpointBook(store) };
}

test('the book is empty until it is read, and is read anew only once the version has changed', async () => {
  const { state, book } = registry();
  expect([book.isRead, book.isEmpty, book.of('acme')]).toEqual([false, true, []]);
  expect(await book.refresh()).toBe(true);
  expect(await book.refresh()).toBe(false);
  expect(state.lists).toBe(1);
  state.version = 2;
  state.records.push(record('globex', 'b'));
  expect(await book.refresh()).toBe(true);
  expect(book.get('globex', 'b')?.name).toBe('b');
  expect(book.get('acme', 'b')).toBeNull();
});

test('whoever asks while it is being read sees what was changed before that, and many share one look', async () => {
  const { state, book } = registry();
  const { promise, resolve } = Promise.withResolvers<void>();
  state.gate = promise;
  const first = book.refresh();
  await Promise.resolve();
  await Promise.resolve();
  state.version = 2;
  state.records.push(record('acme', 'new'));
  const later = [book.refresh(), book.refresh(), book.refresh()];
  resolve();
  await Promise.all([first, ...later]);

  expect(book.get('acme', 'new')).not.toBeNull();
  expect(state.lists).toBe(2);
});

test('a look that fails is made again by the next who asks', async () => {
  const { state, book } = registry();
  state.gate = Promise.reject(new Error('the store is away'));
  await expect(book.refresh()).rejects.toThrow('away');
  expect(book.isRead).toBe(false);
  state.gate = Promise.resolve();
  expect(await book.refresh()).toBe(true);
});
