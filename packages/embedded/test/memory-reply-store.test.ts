import { createMemoryReplyStore } from '@weft/embedded';
import { replyStoreConformance } from '@weft/testkit/conformance/reply-store';
import { expect, test } from 'vitest';

replyStoreConformance('in memory', () => {
  const store = createMemoryReplyStore();
  return { store, other: store };
});

test('what was asked for is forgotten a day after it was asked for last, and what was not after an hour', async () => {
  let now = 0;
  const store = createMemoryReplyStore(() => now);
  await store.open('a');
  await store.put('b', 1, 'unasked');
  now = 3_600_000;
  const unasked = await store.put('b', 1, 'another');
  now = 86_399_000;
  const before = await store.put('a', 1, 'an answer');
  now = 86_400_000;

  expect([unasked, before]).toEqual(['unasked', 'kept']);
  expect(await store.put('a', 1, 'another')).toBe('unasked');
});
