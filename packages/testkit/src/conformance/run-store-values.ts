import type { Json, JsonObject } from '@weft/contract';
import { describe, expect, test } from 'vitest';

import type { StoresUnderTest } from './opened-stores.ts';
import { look, reads, plan, submitRun, task } from './store-records.ts';

function deep(levels: number): Json {
  let value: Json = 'bottom';
  for (let n = 0; n < levels; n++) value = n % 2 ? [value] : { v: value };
  return value;
}

const VALUES: readonly (readonly [string, Json])[] = [
  ['null', null],
  ['texts that look like nothing', ['NULL', 'null', '', ' ', 'undefined', '\\N', 'DEFAULT']],
  ['texts that look like arrays', ['{}', '{a,b}', '{"a"}', '[]', '(1,2)', ',', '{NULL}']],
  ['quotes and backslashes', ['"', '\\', '\\"', '""', "'", "''", '\\\\', "E'\\n'", '$1', '$$', "'; drop", '\\u0041']],
  ['control characters', ['\n', '\r\n', '\t', '\b\f', '\u0001\u001f\u007f']],
  ['characters of many scripts', ['ü', '日本語', '𝒳🧵', '\u2028\u2029', '\ufeff', 'e\u0301', '\uffff', 'עברית']],
  ['numbers at the edge', [0, -1, 1.5, 1e308, 5e-324, 2 ** 53 - 1, -(2 ** 53), 0.1 + 0.2, 123456789012345680000]],
  ['truth', [true, false]],
  ['empty containers', [[], {}, [[]], [{}], { a: [] }]],
  ['keys of any name', { '': 1, ' ': 2, '"': 3, 'a.b': 4, constructor: 5, 日: 6, '\\': 7 }],
  ['two hundred levels', deep(200)],
  ['a megabyte', 'x"\\ü'.repeat(200_000)],
  ['a long array', Array.from({ length: 10_000 }, (_, n) => n)],
];

export function runStoreValues(stores: () => StoresUnderTest): void {
  describe('gives back every value as it was', () => {
    test.each(VALUES)('%s', async (_, value) => {
      const { runs, reader } = stores();
      const captured: JsonObject = { value };
      const error = {
        code: 'c',
        message: typeof value === 'string' ? value : 'm',
        retryable: false,
        details: { value },
      };
      const settled = { status: 'succeeded', settledStep: 1, settledAt: 1, output: value, error } as const;
      const { id } = await submitRun(stores(), {
        input: value,
        config: { value },
        tasks: (runId) => [task(runId, 'a#0', settled), task(runId, 'b#0', { captured })],
        decides: { writes: ['base', 'delta'].map((kind) => ({ channel: kind, step: 1, kind: kind as 'base', value })) },
      });
      await runs.sendMail(id, { id, kind: 'cancel', payload: { value }, dedupeKey: 'x' });

      const seen = await look(stores(), id, { everything: true, body: true, channels: ['base', 'delta'] });
      expect(seen.body).toEqual({ input: value, config: { value } });
      expect(seen.tasks.get('a#0')).toMatchObject({ output: value, error });
      expect(seen.tasks.get('b#0')?.captured).toEqual({ value });
      expect(seen.channels.get('base')?.base).toEqual(value);
      expect(seen.channels.get('delta')?.deltas).toEqual([value]);
      expect(seen.mail).toMatchObject([{ payload: { value } }]);
      const decide = () =>
        ({ kind: 'planned', plan: plan({ ...seen.head, step: 2 }, { ending: { error, output: value } }) }) as const;
      await runs.settle([{ runId: id, reads: reads(), decide }], { wait: false });
      expect(await reader.run('acme', id)).toMatchObject({ output: value, error });
    });

    test('names with quotes, backslashes and other scripts', async () => {
      const [odd, lane] = ['日"本\\{a,b}#0', 'lane "x"\\'];
      const { id } = await submitRun(stores(), {
        tasks: (runId) => [task(runId, odd, { lane, node: odd, worker: odd })],
      });

      expect((await look(stores(), id, { tasks: [odd] })).tasks.get(odd)).toMatchObject({ key: odd, lane, node: odd });
    });
  });
}
