import { describe, expect, test } from 'vitest';

import { axisOf, timelineRows } from '../../src/graph/timeline.ts';

const at = (ms: number): string => new Date(1_000_000 + ms).toISOString();

function task(key: string, queued: number, started: number, ended: number) {
  return {
    key,
    node: key,
    status: 'succeeded' as const,
    failures: 0,
    queuedAt: at(queued),
    startedAt: at(started),
    endedAt: at(ended),
  };
}

describe('the timeline', () => {
  test('tells how long each task waited and worked, and which ones decided the end', () => {
    const rows = timelineRows([task('a', 0, 10, 100), task('b', 100, 110, 150), task('c', 100, 110, 300)], 2_000_000);
    expect(rows.map(({ spans }) => spans.map(({ from, to }) => to - from))).toEqual([
      [10, 90],
      [10, 40],
      [10, 190],
    ]);
    expect(rows.filter(({ isCritical }) => isCritical).map(({ key }) => key)).toEqual(['a', 'c']);
  });

  test('an hour in which nothing worked takes little room, and order is kept', () => {
    const hour = 3_600_000;
    const axis = axisOf(timelineRows([task('a', 0, 0, 1000), task('b', hour, hour, hour + 1000)], 0));
    expect(axis.breaks).toHaveLength(1);
    expect(axis.length).toBeLessThan(3000);
    expect(axis.at(1_000_000 + 1000)).toBeLessThan(axis.at(1_000_000 + hour));
  });
});
