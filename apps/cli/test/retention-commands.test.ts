import { describe, expect, test } from 'vitest';
import { retentionFallback } from '../src/config.ts';
import { formatBytes } from '../src/output/bytes.ts';
import { formatAge, parseAge } from '../src/output/duration.ts';
import { problem, routingServer } from './answering-server.ts';
import { weft } from './fake-terminal.ts';

const DAY_MS = 86_400_000;
const estimate = { runs: 3, bytes: 4096, archived: 0, isDone: true };

/** A server of which so much is to be pruned, in two calls. */
function pruningServer() {
  let calls = 0;
  return routingServer(() => {
    calls += 1;
    return { status: 200, body: calls === 2 ? { runs: 1, bytes: 1000, archived: 1, isDone: false } : estimate };
  });
}

describe('weft prune', () => {
  test('sends what shall go, goes on until all is gone, and says how much it was', async () => {
    const { url, asked } = await pruningServer();
    const flags = [
      '--workflow',
      'a',
      '--older-than',
      '30d',
      '--keep',
      '5',
      '--status',
      'failed,cancelled',
      '--archive',
    ];
    const result = await weft(['prune', ...flags, '--yes', '--url', url]);

    const wanted = {
      workflow: 'a',
      olderThanMs: 30 * DAY_MS,
      keep: 5,
      statuses: ['failed', 'cancelled'],
      archive: true,
    };
    expect(asked.map(({ what }) => what)).toEqual(Array.from({ length: 3 }, () => 'POST /v1/prune'));
    expect(asked.map(({ body }) => body)).toEqual([{ ...wanted, dryRun: true }, wanted, wanted]);
    expect(result).toEqual({
      code: 0,
      out: '',
      err: '1 run (1000 B) so far\n4 runs (5.0 KiB) were deleted, 1 are archived\n',
    });
  });

  test('deletes nothing unasked: a script has to say --yes', async () => {
    const { url, asked } = await pruningServer();

    expect(await weft(['prune', '--keep', '0', '--url', url])).toMatchObject({
      code: 2,
      err: expect.stringContaining('3 runs (4.0 KiB) would be deleted: say --yes, or --dry-run to only look'),
    });
    expect(asked).toHaveLength(1);
  });

  test('only looks with --dry-run', async () => {
    const { url, asked } = await pruningServer();

    const result = await weft(['prune', '--keep', '0', '--dry-run', '--json', '--url', url]);
    expect([result.code, JSON.parse(result.out)]).toEqual([0, estimate]);
    expect(asked).toHaveLength(1);
  });

  test.each([
    ['--older-than', 'soon'],
    ['--older-than', '30'],
    ['--keep', '-1'],
    ['--status', 'running'],
  ])('refuses %s %s before it asks anybody', async (flag, value) => {
    expect(await weft(['prune', flag, value])).toMatchObject({ code: 2, err: expect.stringContaining(flag) });
  });
});

describe('weft retention', () => {
  test('sets and removes a policy', async () => {
    const rule = { maxAgeMs: 30 * DAY_MS, maxCount: 100, failedMaxAgeMs: 12 * 7 * DAY_MS, archive: true };
    const policy = { workflow: 'a', ...rule };
    const { url, asked } = await routingServer(() => ({ status: 200, body: policy }));
    const flags = ['--age', '30d', '--keep', '100', '--failed-age', '12w', '--archive'];
    const set = await weft(['retention', 'set', 'a', ...flags, '--url', url]);
    await weft(['retention', 'set', '--url', url]);
    const removed = await weft(['retention', 'remove', 'a', '--url', url]);

    expect(set.err).toBe(
      'a: runs go 30d after their end, only the newest 100 stay, failed ones go after 12w, and are archived first\n',
    );
    expect(removed.err).toBe('the policy for a is removed\n');
    const none = { workflow: null, maxAgeMs: null, maxCount: null, failedMaxAgeMs: null, archive: false };
    expect(asked).toMatchObject([
      { what: 'PUT /v1/retention', body: policy },
      { what: 'PUT /v1/retention', body: none },
      { what: 'DELETE /v1/retention?workflow=a' },
    ]);
  });

  test('lists policies, what the server falls back to, and what the tables take', async () => {
    const rule = { maxAgeMs: null, maxCount: null, failedMaxAgeMs: null, archive: false };
    const fallback = { ...rule, maxAgeMs: 90 * DAY_MS };
    const tables = [{ table: 'run', bytes: 2048, rows: 10, deadRows: 1, partitions: 5 }];
    const { url } = await routingServer((what) => ({
      status: 200,
      body: what.endsWith('storage')
        ? { bytes: 2048, tables }
        : { items: [{ workflow: 'a', ...rule, maxCount: 5 }], fallback },
    }));
    const { out } = await weft(['retention', '--url', url]);

    expect(out.split('\n').map((line) => line.split(/\s{2,}/))).toEqual([
      ['WORKFLOW', 'AGE', 'KEEP', 'FAILED', 'ARCHIVE'],
      ['a', '-', '5', '-', 'no'],
      ['all others (server)', '90d', '-', '-', 'no'],
      [''],
      ['TABLE', 'SIZE', 'ROWS', 'DEAD', 'PARTITIONS'],
      ['run', '2.0 KiB', '10', '1', '5'],
      ['all', '2.0 KiB'],
      [''],
    ]);
  });
});

test('weft delete deletes a run, and says why it cannot', async () => {
  const { url } = await routingServer(() => ({ status: 200, body: { runs: 2, bytes: 3000 } }));
  expect((await weft(['delete', 'R', '--url', url])).err).toBe('deleted 2 runs, 2.9 KiB\n');

  const live = await routingServer(() => problem(409, 'conflict'));
  expect(await weft(['delete', 'R', '--url', live.url])).toMatchObject({ code: 5 });
});

test('WEFT_RETENTION is an age, or limits by name; what is neither is refused', () => {
  const none = { maxAgeMs: null, maxCount: null, failedMaxAgeMs: null, archive: false };
  expect(retentionFallback({})).toBeNull();
  expect(retentionFallback({ WEFT_RETENTION: '30d' })).toEqual({ ...none, maxAgeMs: 30 * DAY_MS });
  expect(retentionFallback({ WEFT_RETENTION: 'age=1w, keep=10,failed=90d,archive' })).toEqual({
    maxAgeMs: 7 * DAY_MS,
    maxCount: 10,
    failedMaxAgeMs: 90 * DAY_MS,
    archive: true,
  });
  for (const text of ['30', 'keep=all', 'age', 'days=3', '30d,', 'age=1=2d'])
    expect(() => retentionFallback({ WEFT_RETENTION: text })).toThrow('WEFT_RETENTION must look like');
});

test('ages and sizes read as people write them', () => {
  expect(['90m', '12h', '30d', '8w'].map(parseAge)).toEqual([5_400_000, 43_200_000, 30 * DAY_MS, 56 * DAY_MS]);
  expect(['', '1', '1y', '-1d', '99999999d'].map(parseAge)).toEqual(Array.from({ length: 5 }, () => undefined));
  expect([5_400_000, 30 * DAY_MS, 56 * DAY_MS, 1500].map(formatAge)).toEqual(['90m', '30d', '8w', '1.5s']);
  expect([0, 1023, 1024, 10_240, 5_000_000].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '10 KiB',
    '4.8 MiB',
  ]);
});
