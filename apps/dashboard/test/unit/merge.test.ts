import type { WsEvent } from '@weft/contract';
import { describe, expect, test } from 'vitest';

import { Merge, nodeOf } from '../../src/live/merge.ts';

const AT = '2026-01-01T00:00:00.000Z';

function event(more: Partial<WsEvent>): WsEvent {
  return { runId: 'r', step: 1, mode: 'tasks', type: 'task_succeeded', at: AT, data: {}, ...more };
}

function fact(key: string, status: string, attempt = 1): WsEvent {
  return event({ data: { tasks: [{ key, status, attempt }] } });
}

describe('what is merged between two flushes', () => {
  test('nothing is flushed where nothing came', () => {
    expect(new Merge('runs').take()).toBeNull();
  });

  test('of a list the last word on each thing counts, and all events are counted', () => {
    const merge = new Merge('runs');
    const advanced = (step: number) => event({ mode: 'values', type: 'run_advanced', step, data: null });
    merge.events([advanced(1), advanced(2), advanced(3)], null);
    const flush = merge.take();
    expect(flush?.events.map(({ step }) => step)).toEqual([3]);
    expect(flush?.count).toBe(3);
  });

  test('a snapshot makes what came before it void', () => {
    const merge = new Merge('lanes');
    merge.events([event({ type: 'lane', data: { name: 'a' } })], null);
    merge.snapshot([]);
    expect(merge.take()).toMatchObject({ snapshot: [], events: [] });
  });

  test('of a run each task has its last status, whatever came how late', () => {
    const merge = new Merge('run:r');
    merge.events(
      [
        fact('a#0', 'ready'),
        fact('a#0', 'succeeded'),
        event({ n: 1, type: 'task_started', data: { key: 'a#0', node: 'a', attempt: 1 } }),
      ],
      4,
    );
    const flush = merge.take();
    expect(flush?.tasks).toMatchObject([{ key: 'a#0', node: 'a', status: 'succeeded' }]);
    expect(flush?.lastStep).toBe(4);
  });

  test('a new attempt that starts is told', () => {
    const merge = new Merge('run:r');
    merge.events(
      [fact('a#0', 'failed', 1), event({ n: 1, type: 'task_started', data: { key: 'a#0', node: 'a', attempt: 2 } })],
      null,
    );
    expect(merge.take()?.tasks).toMatchObject([{ status: 'running', attempt: 2 }]);
  });

  test('too many events are left out and counted, but no status is', () => {
    const merge = new Merge('run:r');
    merge.events(
      Array.from({ length: 1000 }, (_, index) => fact(`a#${index}`, 'succeeded')),
      1000,
    );
    const flush = merge.take();
    expect(flush?.tasks).toHaveLength(1000);
    expect((flush?.events.length ?? 0) + (flush?.omitted ?? 0)).toBe(1000);
    expect(flush?.omitted).toBeGreaterThan(0);
  });

  test('pieces of one text are one text', () => {
    const merge = new Merge('run:r');
    const piece = (n: number, text: string) =>
      event({ n, mode: 'messages', type: 'token', data: { taskId: 't', key: 'a#0', node: 'a', attempt: 1, text } });
    merge.events([piece(1, 'Hel'), piece(2, 'lo')], null);
    expect(merge.take()?.said).toMatchObject([{ taskId: 't', text: 'Hello' }]);
  });

  test('a key of a task names its node', () => {
    expect(['a#0', 'each#0[3]/one#2', 'plain'].map(nodeOf)).toEqual(['a', 'one', 'plain']);
  });
});
