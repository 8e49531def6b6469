export { createTestDatabase } from './test-database.ts';
export type { TestDatabase } from './test-database.ts';
export { createFakeClock } from './fake-clock.ts';
export type { FakeClock, FakeClockOptions } from './fake-clock.ts';
export { createSeededRandom } from './seeded-random.ts';
export type { SeededRandom } from './seeded-random.ts';
export { ackOf, taskMessage } from './task-message.ts';
export type { TaskMessageParts } from './task-message.ts';
