import { describe, expect, test } from 'vitest';

import { listCommand, parseFilter } from '../../src/views/runs/run-filter.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');

describe('the filter of runs', () => {
  test('its words become what the API is asked for', () => {
    const { filter, problem } = parseFilter('status:failed  workflow:etl tag:nightly since:2h', NOW);
    expect(problem).toBeNull();
    expect(filter).toEqual({
      status: 'failed',
      workflow: 'etl',
      tag: 'nightly',
      createdAfter: '2026-01-01T10:00:00.000Z',
    });
    expect(listCommand(filter)).toBe('npx weft list --status failed --workflow etl --tag nightly');
  });

  test.each([
    ['stauts:failed', '"stauts" filters nothing'],
    ['status:broken', 'There is no status "broken"'],
    ['since:yesterday', 'since:30m'],
    ['workflow:', 'Say which workflow'],
    ['hello', '"hello" filters nothing'],
  ])('%s is refused in words that help', (text, said) => {
    expect(parseFilter(text, NOW).problem).toContain(said);
  });
});
