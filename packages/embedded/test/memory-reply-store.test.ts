import { createMemoryReplyStore } from '@weft/embedded';
import { replyStoreConformance } from '@weft/testkit/conformance/reply-store';
import { expect, test } from 'vitest';

replyStoreConformance('in memory', () => {
  const store = createMemoryReplyStore();
  return { store, other: store };
});

test('what was asked for is forgotten after a day', async () => {
  let now = 0;
  const store = createMemoryReplyStore(() => now);
  await store.open('a');
  now = 86_399_000;
  const before = await store.put('a', 1, 'an answer');
  now = 86_400_000;

  expect(before).toBe('kept');
  expect(await store.put('a', 1, 'another')).toBe('unknown');
});
