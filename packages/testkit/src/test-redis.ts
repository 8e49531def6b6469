import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';

/**
 * The Redis of this test run, or null where none could be had. For the projects `integration` and `e2e`, whose global
 * set-up starts it. It is shared: every test keeps to a prefix of its own.
 */
export function testRedisUrl(): string | null {
  return inject('weftTestRedis').url;
}

/** Begins the keys of one test. */
export function uniqueRedisPrefix(): string {
  return `weft-test-${randomBytes(6).toString('hex')}:`;
}
