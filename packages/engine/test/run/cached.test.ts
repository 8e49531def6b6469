import { expect, test } from 'vitest';

import { echo, withNodes } from '../validate/documents.ts';
import { Scenario } from './scenario.ts';

const document = withNodes(
  { a: { ...echo, output: 'text' }, b: { ...echo, needs: ['a'] } },
  { state: { text: { type: 'string' }, n: { type: 'number', reducer: 'add' } } },
);

test('C1: a result that was computed for another task is journalled as such, and works as any other', () => {
  const own = new Scenario(document);
  const cached = new Scenario(document);
  own.succeed('a', 'x', { stateUpdates: { n: 1 } });
  cached.succeed('a', 'x', { stateUpdates: { n: 1 }, cached: true });

  const facts = (run: Scenario) => run.rows.steps.at(-1)?.facts;
  expect(facts(cached)?.tasks?.[0]).toEqual({ key: 'a#0', status: 'succeeded', attempt: 1, cached: true });
  expect(facts(own)?.tasks?.[0]).toEqual({ key: 'a#0', status: 'succeeded', attempt: 1 });
  expect({ ...facts(cached), tasks: null }).toEqual({ ...facts(own), tasks: null });
  expect(cached.task('b')).toMatchObject({ status: 'ready' });
  expect(cached.task('a')).toMatchObject({ output: 'x', status: 'succeeded' });
});
