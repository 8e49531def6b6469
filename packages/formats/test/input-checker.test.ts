import { describe, expect, test } from 'vitest';

import { inputChecker } from '../src/index.ts';

function pattern(source: string) {
  return { type: 'object', properties: { s: { type: 'string', pattern: source } } };
}

describe('an input that is checked against a schema', () => {
  test('is told what is wrong with it, by pointer', async () => {
    const schema = { type: 'object', required: ['n'], properties: { n: { type: 'integer', minimum: 1 } } };

    expect(await inputChecker.check(schema, { n: 3 })).toEqual([]);
    expect(await inputChecker.check(schema, { n: 0 })).toMatchObject([{ code: 'invalid_input', pointer: '/input/n' }]);
    expect(await inputChecker.check(undefined, 'anything')).toEqual([]);
  });

  test('is held to patterns in a thread', async () => {
    expect(await inputChecker.check(pattern('^a+$'), { s: 'aaa' })).toEqual([]);
    expect(await inputChecker.check(pattern('^a+$'), { s: 'b' })).toMatchObject([{ pointer: '/input/s' }]);
  });

  test('is refused when the check backtracks without end, and nobody else has to wait', async () => {
    const endless = inputChecker.check(pattern('^(a+)+$'), { s: `${'a'.repeat(40)}!` });
    let turns = 0;
    const turning = setInterval(() => (turns += 1), 10);

    expect(await endless).toMatchObject([{ pointer: '/input', message: expect.stringContaining('1000 ms') }]);
    clearInterval(turning);
    expect(turns).toBeGreaterThan(5);
    expect(await inputChecker.check(pattern('^a+$'), { s: 'aaa' })).toEqual([]);
  });
});
