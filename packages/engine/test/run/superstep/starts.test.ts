import { expect, test } from 'vitest';
import { echo, withNodes } from '../../validate/documents.ts';
import { Scenario } from '../scenario.ts';

const route = { type: 'route', on: "'a'", routes: { a: 'again' } };

test('B9: a loop that only the items of a send lead into does not begin with the run', () => {
  const nodes = {
    each: { type: 'send', target: 'item', items: [] },
    item: echo,
    way: route,
    again: echo,
  };
  const edges = [
    ['__start__', 'each'],
    ['item', 'way'],
    ['again', 'way'],
  ];
  const run = new Scenario(withNodes(nodes, { mode: 'superstep', edges, maxSteps: 3 }));
  expect(run.graph.starts).toEqual(['each']);
  expect(run.status).toBe('succeeded');
});

test('B9: a loop that nothing leads into begins with the run', () => {
  const nodes = { again: echo, way: route };
  const run = new Scenario(withNodes(nodes, { mode: 'superstep', edges: [['again', 'way']], maxSteps: 3 }));
  expect(run.graph.starts).toEqual(['again']);
});
