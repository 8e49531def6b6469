import { describe, expect, test } from 'vitest';
import { problem, routingServer } from './answering-server.ts';
import { weft } from './fake-terminal.ts';

const FITS = { runId: 'R1', from: 1, to: 3, step: 4, fits: true, migrated: false, problems: [] };
const MISFIT = {
  ...FITS,
  runId: 'R2',
  fits: false,
  problems: [{ code: 'node_too_late', pointer: '/nodes/x', message: 'too\u001b[2J late' }],
};

describe('weft migrate RUN', () => {
  test('moves the run, to the newest version or the one that is named', async () => {
    const run = { id: 'R1', status: 'interrupted', workflow: { name: 'a', version: 3 } };
    const { url, asked } = await routingServer(() => ({ status: 200, body: run }));

    expect(await weft(['migrate', 'R1', '--url', url])).toMatchObject({
      code: 0,
      out: '',
      err: 'run R1 follows a@3 now\n',
    });
    await weft(['migrate', 'R1', '--to', '2', '--url', url]);
    expect(asked.map(({ what, body }) => [what, body])).toEqual([
      ['POST /v1/runs/R1/migrate', {}],
      ['POST /v1/runs/R1/migrate', { version: 2 }],
    ]);
  });

  test('says what does not fit, and with --dry-run only that', async () => {
    const refusing = await routingServer(() => problem(409, 'version_misfit', MISFIT.problems));
    const refused = await weft(['migrate', 'R2', '--url', refusing.url]);
    expect(refused).toMatchObject({ code: 5, out: '' });
    expect(refused.err).toContain('/nodes/x: too');

    const checking = await routingServer(() => ({ status: 200, body: MISFIT }));
    const checked = await weft(['migrate', 'R2', '--dry-run', '--url', checking.url]);
    expect(checked).toEqual({
      code: 5,
      out: 'R2 1 -> 3 does not fit\n  /nodes/x: too [2J late (node_too_late)\n',
      err: '',
    });
    expect(checking.asked[0]?.body).toEqual({ dryRun: true });
  });

  test.each([
    [[]],
    [['R1', '--all', 'a']],
    [['R1', '--from', '1']],
    [['R1', '--to', 'x']],
    [['--all', 'a', '--from', '0']],
  ])('wants a run or a workflow, and numbers of versions: %j', async (args) => {
    expect(await weft(['migrate', ...args, '--url', 'http://127.0.0.1:9'])).toMatchObject({ code: 2, out: '' });
  });
});

describe('weft migrate --all', () => {
  const pages = async () => {
    let page = 0;
    return routingServer(() => {
      page += 1;
      const items = page === 1 ? [FITS] : [MISFIT];
      const counts = { runs: 1, fit: 2 - page, misfit: page - 1, migrated: 0 };
      return { status: 200, body: { name: 'a', to: 3, items, counts, nextCursor: page === 1 ? 'next' : null } };
    });
  };

  test('goes through all pages by one version, and its status tells whether all fit', async () => {
    const { url, asked } = await pages();
    const result = await weft(['migrate', '--all', 'a', '--from', '1', '--from', '2', '--dry-run', '--url', url]);

    expect(result.code).toBe(5);
    expect(result.out).toMatch(/^R1 1 -> 3 fits\nR2 1 -> 3 does not fit\n/);
    expect(result.err).toBe('2 live runs of a, to version 3: 1 fit, 1 do not fit\n');
    expect(asked.map(({ body }) => body)).toEqual([
      { dryRun: true, from: [1, 2], limit: 200 },
      { dryRun: true, from: [1, 2], limit: 200, version: 3, cursor: 'next' },
    ]);
  });

  test('with --json gives each run on a line, then the counts', async () => {
    const { url } = await pages();
    const { out } = await weft(['migrate', '--all', 'a', '--json', '--url', url]);

    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines).toEqual([FITS, MISFIT, { name: 'a', to: 3, counts: { runs: 2, fit: 1, misfit: 1, migrated: 0 } }]);
  });
});
