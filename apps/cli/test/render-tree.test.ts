import { describe, expect, test } from 'vitest';
import { painter } from '../src/output/paint.ts';
import { textWidth } from '../src/output/plain-text.ts';
import { renderRun } from '../src/watch/render-tree.ts';
import { RunView } from '../src/watch/run-view.ts';
import { changeLine } from '../src/watch/change-line.ts';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const run = {
  id: '0198a000-0000-7000-8000-000000000001',
  workflow: { name: 'report', version: 3 },
  status: 'running' as const,
  createdAt: '2026-01-01T00:00:00.000Z',
  endedAt: null,
};
const frame = { paint: painter(false), columns: 80, maxLines: 20, now: START + 2_500 };

function view(names: readonly string[]): RunView {
  return new RunView(names.map((name, index) => ({ name, depth: index === 0 ? 0 : 1 })));
}

describe('the picture of a run', () => {
  test('has a head and a line for each node with mark, duration and what went wrong', () => {
    const tree = view(['fetch', 'left', 'right', 'last']);
    const [fetch, left, right] = tree.rows;
    Object.assign(fetch ?? {}, { status: 'succeeded', attempt: 1, startedAt: START, endedAt: START + 1_200 });
    Object.assign(left ?? {}, { status: 'running', attempt: 2, startedAt: START + 2_000, progress: { done: 3 } });
    const error = { code: 'http_status', message: 'answered\u001b[31m 500', retryable: true };
    Object.assign(right ?? {}, { status: 'failed', attempt: 3, startedAt: START, endedAt: START + 10, error });

    expect(renderRun(run, tree, frame)).toEqual([
      '● report@3  running  2/4 nodes  2.5s  0198a000-0000-7000-8000-000000000001',
      '  ✓ fetch    1.2s',
      '    ● left   500ms   attempt 2  {"done":3}',
      '    ✗ right  10ms    attempt 3  http_status: answered [31m 500',
      '    · last',
    ]);
  });

  test('says of a node that its result came from the cache', () => {
    const tree = view(['a']);
    const told = { key: 'a#0', status: 'succeeded', attempt: 1, cached: true };
    const at = run.createdAt;
    const event = {
      runId: run.id,
      step: 2,
      mode: 'tasks' as const,
      type: 'task_succeeded',
      at,
      data: { tasks: [told] },
    };
    const [change] = tree.applyEvent(event);

    expect(renderRun(run, tree, frame)[1]).toMatch(/✓ a +cached$/);
    expect(change && changeLine(change, START, painter(false))).toBe('    0ms  ✓ a succeeded from the cache');
  });

  test('never has a line that is wider than the terminal', () => {
    const tree = view(['a'.repeat(90), '陈'.repeat(60), 'c']);
    const error = { code: 'x', message: 'long '.repeat(50), retryable: false };
    for (const row of tree.rows) Object.assign(row, { status: 'failed', startedAt: START, endedAt: START, error });

    for (const columns of [40, 60, 120]) {
      const widths = renderRun(run, tree, { ...frame, columns }).map(textWidth);
      expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
    }
  });

  test('shows what matters where there are more nodes than lines, in graph order, and counts the rest', () => {
    const tree = view(Array.from({ length: 1_000 }, (_, i) => `n${i}`));
    for (const row of tree.rows.slice(0, 600)) Object.assign(row, { status: 'succeeded', endedAt: START });
    Object.assign(tree.rows[700] ?? {}, { status: 'running', startedAt: START });
    Object.assign(tree.rows[5] ?? {}, { status: 'failed', endedAt: START });

    const lines = renderRun(run, tree, { ...frame, maxLines: 6 });

    expect(lines).toHaveLength(6);
    expect(lines[1]).toContain('n0');
    expect(lines.join('\n')).toMatch(/✗ n5\b[\s\S]*● n700/);
    expect(lines.at(-1)).toBe('  … 996 more nodes: 399 pending, 597 succeeded');
  });

  test('moves what runs from picture to picture', () => {
    const tree = view(['a']);
    Object.assign(tree.rows[0] ?? {}, { status: 'running', startedAt: START });

    const [first, second] = [0, 1].map((count) => renderRun(run, tree, { ...frame, frame: count })[1]);

    expect(first).not.toBe(second);
  });

  test('has colours only where they are wanted', () => {
    const tree = view(['a']);

    expect(renderRun(run, tree, frame).join('')).not.toContain('\u001b');
    expect(renderRun(run, tree, { ...frame, paint: painter(true) }).join('')).toContain('\u001b[');
  });
});

describe('the line of a change', () => {
  test('says when, what, how long and why', () => {
    const tree = view(['a']);
    const [row] = tree.rows;
    if (!row) throw new Error('no row');
    const error = { code: 'timeout', message: 'too slow', retryable: true };
    Object.assign(row, { status: 'failed', attempt: 2, startedAt: START, endedAt: START + 90, error });

    expect(changeLine({ row, at: START + 1_500 }, START, painter(false))).toBe(
      '   1.5s  ✗ a failed (attempt 2) in 90ms: timeout: too slow',
    );
  });

  test('is left out for a node that only waits for a worker', () => {
    const [row] = view(['a']).rows;
    if (!row) throw new Error('no row');

    expect(changeLine({ row: { ...row, status: 'ready' }, at: START }, START, painter(false))).toBeNull();
  });
});
