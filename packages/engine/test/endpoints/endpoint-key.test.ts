import { describe, expect, test } from 'vitest';

import { endpointKey, isEndpointKey, keySpeaksOf } from '../../src/domain/endpoints/endpoint-key.ts';

const gpt = { name: 'gpt', tags: ['chat', 'fast'] };

describe('the limit key of tasks for endpoints', () => {
  test('says which endpoints can take them', () => {
    expect(endpointKey({ pin: 'gpt', tags: ['x'] })).toBe('endpoint:gpt');
    expect(endpointKey({ pin: null, tags: ['fast', 'chat'] })).toBe('endpoint:tags=chat,fast');
    expect(endpointKey({ pin: null, tags: [] })).toBe('endpoint:tags=');
    expect(['endpoint:gpt', 'endpoint:tags=', 'endpoint:tags=fast,slow'].map((key) => keySpeaksOf(key, gpt))).toEqual([
      true,
      true,
      true,
    ]);
    expect(['endpoint:other', 'endpoint:tags=slow', 'endpoint:tags=fa'].map((key) => keySpeaksOf(key, gpt))).toEqual([
      false,
      false,
      false,
    ]);
    expect([isEndpointKey('endpoint:gpt'), isEndpointKey('account:7')]).toEqual([true, false]);
  });

  test('can hold any tag, and of too many any endpoint will do', () => {
    const odd = { name: 'odd', tags: ['a,b', '100%2C', '{{ x }}'] };
    expect(keySpeaksOf(endpointKey({ pin: null, tags: ['a,b'] }), odd)).toBe(true);
    expect(keySpeaksOf(endpointKey({ pin: null, tags: ['100%2C'] }), odd)).toBe(true);
    expect(keySpeaksOf(endpointKey({ pin: null, tags: ['{{ x }}'] }), odd)).toBe(true);
    expect(endpointKey({ pin: null, tags: ['{{ x }}', '${y}'] })).not.toMatch(/[{$]/);
    expect(keySpeaksOf(endpointKey({ pin: null, tags: ['a', 'b'] }), odd)).toBe(false);
    expect(endpointKey({ pin: null, tags: Array.from({ length: 100 }, (_, n) => `tag ${n}`) })).toBe('endpoint:tags=');
  });
});
