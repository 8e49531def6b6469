import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, contentHash } from '../src/domain/content-hash.ts';
import { makeUuidV7, runTimeRange, taskId, uuidTimeMs } from '../src/domain/ids.ts';
import { parseTaskKey, taskKey } from '../src/domain/task-key.ts';
import type { Json } from '@weft/contract';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('a UUIDv7', () => {
  test('carries its instant and the random bytes', () => {
    const id = makeUuidV7(0x0123456789ab, new Uint8Array(10).fill(0xff));
    expect(id).toBe('01234567-89ab-7fff-bfff-ffffffffffff');
    expect(uuidTimeMs(id)).toBe(0x0123456789ab);
  });

  test('sorts by time, whatever the random bytes are', () => {
    const instants = fc.nat({ max: 2 ** 48 - 2 });
    fc.assert(
      fc.property(instants, fc.uint8Array({ minLength: 10, maxLength: 16 }), (nowMs, bytes) => {
        const id = makeUuidV7(nowMs, bytes);
        expect(UUID.exec(id)?.[1]).toBe('7');
        expect(id < makeUuidV7(nowMs + 1, new Uint8Array(10))).toBe(true);
      }),
    );
  });
});

describe('B6: a task id', () => {
  const runId = makeUuidV7(1_795_000_000_000, new Uint8Array(10).fill(7));

  test('is a UUIDv8 within the time range of its run', () => {
    const id = taskId(runId, 1, 'each#1[17]/inner#2[3]/w#1');
    expect(UUID.exec(id)?.[1]).toBe('8');
    expect(uuidTimeMs(id)).toBe(1_795_000_000_000);
    const { from, to } = runTimeRange(id);
    expect(from <= runId && runId <= to).toBe(true);
    expect(from <= id && id <= to).toBe(true);
    expect(runTimeRange(runId)).toEqual({ from, to });
    for (const bound of [from, to]) expect(bound).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(makeUuidV7(1_795_000_000_001, new Uint8Array(10)) > to).toBe(true);
    expect(makeUuidV7(1_794_999_999_999, new Uint8Array(10).fill(255)) < from).toBe(true);
  });

  test('is the same for the same run, epoch and key, and differs when one of them does', () => {
    expect(taskId(runId, 1, 'a#1')).toBe(taskId(runId, 1, 'a#1'));
    const other = makeUuidV7(1_795_000_000_000, new Uint8Array(10).fill(8));
    const ids = [taskId(runId, 1, 'a#1'), taskId(runId, 2, 'a#1'), taskId(runId, 1, 'a#2'), taskId(other, 1, 'a#1')];
    expect(new Set(ids).size).toBe(4);
  });
});

describe('B6: a task key', () => {
  test('is a scope path that reads back as what it was made of', () => {
    const segments = [
      { node: 'each', iteration: 1, item: 17 },
      { node: 'inner node', iteration: 2, item: 0 },
      { node: 'w-1', iteration: 10 },
    ];
    const key = taskKey(...segments);
    expect(key).toBe('each#1[17]/inner node#2[0]/w-1#10');
    expect(parseTaskKey(key)).toEqual(segments);
  });

  test.each(['', 'a', 'a#', '#1', 'a#1[', 'a#1[x]', 'a#1/', 'a#1[2]x', 'a#1//b#1'])('%j is none', (text) => {
    expect(parseTaskKey(text)).toBeUndefined();
  });
});

describe('a content hash', () => {
  test('does not depend on the order of keys, but on that of lists', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'ü' }], a: true })).toBe('{"a":true,"b":[1,{"c":"ü","d":null}]}');
    expect(contentHash({ a: 1, b: 2 })).toBe(contentHash({ b: 2, a: 1 }));
    expect(contentHash([1, 2])).not.toBe(contentHash([2, 1]));
    expect(contentHash({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
  });

  test('canonical JSON reads back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value as Json))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
