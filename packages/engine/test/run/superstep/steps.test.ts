import { describe, expect, test } from 'vitest';
import { echo } from '../../validate/documents.ts';
import { superstep } from './documents.ts';

const log = { log: { type: 'array', reducer: 'append', default: [] } };
const writes = { ...echo, output: 'log' };

describe('a superstep', () => {
  test('B9: a chain takes one superstep a node, each with its outcome and its barrier in the journal', () => {
    const run = superstep({ nodes: { a: writes, b: { ...writes, needs: ['a'] } }, state: log });
    run.succeed('a', 'one');
    run.succeed('b', 'two');
    expect(run.journal()).toEqual([
      'run_started',
      'task_succeeded a',
      'superstep',
      'task_succeeded b',
      'superstep',
      'run_ended',
    ]);
    expect(run.state('log')).toEqual(['one', 'two']);
  });
});
