import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { call } from '../../../../test/e2e/dev-process.ts';
import { hasChromium } from './chromium.ts';
import { openStage } from './stage.ts';
import type { Stage } from './stage.ts';
import { ASKING, FRAGILE, MANY, PATIENT } from './workflows.ts';

const FIRST_LOAD_BYTES = 350 * 1024;
const REQUESTS_PER_NAVIGATION = 2;

describe.runIf(hasChromium)('the dashboard in a browser', () => {
  let stage: Stage;
  let page: Page;

  beforeAll(async () => {
    stage = await openStage();
    page = stage.page;
    for (const workflow of [FRAGILE, PATIENT, ASKING, MANY]) await call(stage.dev.url, '/v1/workflows', workflow);
  });

  afterAll(() => stage?.stop());

  const open = (path: string) => page.goto(stage.dev.url + path);
  const status = (is: string) => page.locator(`[data-run-status="${is}"]`).waitFor();
  const live = () => page.locator('[data-live="true"]').waitFor();

  test('its first load is small, comes from the server alone, and teaches how to begin', async () => {
    const loaded = new Map<string, number>();
    const foreign: string[] = [];
    page.on('response', (response) => {
      const url = new URL(response.url());
      if (url.origin !== stage.dev.url) foreign.push(response.url());
      if (/^\/(ui\/.*)?$/.test(url.pathname))
        void response.body().then(
          (body) => loaded.set(url.pathname, gzipSync(body).length),
          () => undefined,
        );
    });
    await open('/');
    await live();
    await page.getByText('No runs yet').waitFor();
    await expect.poll(() => loaded.size).toBeGreaterThanOrEqual(4);
    const bytes = Array.from(loaded.values()).reduce((sum, size) => sum + size, 0);
    expect(bytes).toBeLessThan(FIRST_LOAD_BYTES);
    expect(foreign).toEqual([]);
  });

  test('a failed run says why, and goes on from the failed step once the cause is mended', async () => {
    const path = stage.file('first');
    const { id } = await stage.start('fragile', { path });
    await open(`/runs/${id}`);
    await status('failed');
    await page.getByRole('note', { name: 'Why the run has failed' }).getByText('no_file').waitFor();
    writeFileSync(path, '');
    await page.getByRole('button', { name: 'Retry from the failed step' }).click();
    await page.getByText(`npx weft retry ${id}`).waitFor();
    await status('succeeded');
    await page.getByRole('treeitem', { name: /^tell/ }).getByText('echo · succeeded').waitFor();
  });

  test('a run that goes on is shown as it goes, and says why a task does not run', async () => {
    const path = stage.file('patience');
    const { id } = await stage.start('patient', { path });
    await open(`/runs/${id}`);
    await page.getByRole('treeitem', { name: /^wait/ }).getByText('running').first().waitFor();
    await page.getByRole('treeitem', { name: /^after/ }).click();
    await page.getByText('nothing led to it yet').waitFor();
    writeFileSync(path, '');
    await status('succeeded');
    await page
      .getByRole('treeitem', { name: /^after/ })
      .getByText('succeeded')
      .first()
      .waitFor();
    await call(stage.dev.url, '/v1/lanes/idle/pause', {});
    const waiting = await stage.start({ name: 'idle', nodes: { a: { type: 'task', uses: 'echo', lane: 'idle' } } }, {});
    await open(`/runs/${waiting.id}?task=a%230`);
    await page.getByText('Why is it not running?').waitFor();
    await page
      .getByText(/paused/)
      .first()
      .waitFor();
    await call(stage.dev.url, '/v1/lanes/idle/resume', {});
    await status('succeeded');
  });

  test('time goes back with a key, the URL keeps the place, and a fork goes on from there', async () => {
    const { id } = await stage.start('fragile', { path: stage.file('never') });
    await open(`/runs/${id}?tab=state`);
    await status('failed');
    await page.locator('body').press('ArrowLeft');
    await page.waitForURL(/step=3/);
    await page.locator('body').press('ArrowLeft');
    await page.waitForURL(/step=2/);
    await page.reload();
    await page.getByRole('heading', { name: 'State after step 2' }).waitFor();
    await page.getByRole('region', { name: 'Changes' }).getByText('/notes/-').waitFor();
    await page.getByRole('button', { name: 'Fork from here…' }).click();
    await page.getByRole('textbox', { name: 'State' }).fill('{ "notes": ["changed by hand"] }');
    await page.getByText(`npx weft fork ${id}@2 --set`).waitFor();
    await page.getByRole('button', { name: 'Start the fork' }).click();
    await page.waitForURL((url) => url.pathname.startsWith('/runs/') && !url.pathname.endsWith(id));
    await page.getByRole('tab', { name: 'State' }).click();
    await page.getByText('changed by hand').first().waitFor();
    await page.getByRole('link', { name: 'Compare with its original' }).click();
    await page.getByRole('region', { name: 'State' }).getByText('/notes').first().waitFor();
  });

  test('a question is answered with a form made of its schema', async () => {
    const { id } = await stage.start('asking', { what: 'a desk' });
    await open('/approvals');
    const question = page.getByRole('article').filter({ hasText: 'May a desk be bought?' });
    await question.getByLabel('approved (required)').check();
    await question.getByLabel('comment').fill('at last');
    await question.getByRole('button', { name: 'Answer', exact: true }).click();
    await page.getByText('Nobody waits for an answer').waitFor();
    await open(`/runs/${id}?tab=io`);
    await status('succeeded');
    await page.getByRole('region', { name: 'Output' }).getByText('at last').waitFor();
  });

  test('runs are filtered by text, chosen with keys, and retried at once as a job that tells how far it is', async () => {
    const path = stage.file('later');
    for (let index = 0; index < 3; index++) await stage.start('fragile', { path });
    await open('/runs?q=nonsense:1');
    await page.getByText('"nonsense" filters nothing').waitFor();
    await page.getByLabel('Filter the runs').fill('status:failed workflow:fragile');
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await expect.poll(() => page.getByRole('row').count()).toBe(6);
    for (const key of ['x', 'j', 'x', 'j', 'x']) await page.locator('body').press(key);
    writeFileSync(path, '');
    await page.getByRole('button', { name: 'Retry 3 failed' }).click();
    await page.getByLabel('Name of the job').fill('Mend the three');
    await page.getByRole('button', { name: 'Start the job' }).click();
    const job = page.getByRole('region', { name: 'Jobs' });
    await job.getByText('Mend the three').waitFor();
    await job.getByText('3 of 3 done').waitFor();
    await page.getByRole('row').getByText('succeeded').nth(2).waitFor();
  });

  test('dead letters are done again by filter', async () => {
    const path = stage.file('dead');
    for (let index = 0; index < 2; index++) await stage.start({ ...FRAGILE, name: 'letters' }, { path });
    await open('/lanes?tab=dead&workflow=letters');
    await page.getByText('2 letters').waitFor();
    writeFileSync(path, '');
    await page.getByRole('button', { name: 'Retry all that fit…' }).click();
    await page.getByText('The filter finds 2 letters.').waitFor();
    await page.getByText('npx weft dead retry --workflow letters').waitFor();
    await page.getByRole('button', { name: 'Start the job' }).click();
    await page.getByText('No dead letter fits this filter').waitFor();
  });

  test('a form made of the input schema starts a run', async () => {
    await open('/workflows/fragile?tab=run');
    await page.getByLabel(/^path \(required\)/).fill(stage.file('later'));
    await page.getByRole('button', { name: 'Start a run' }).click();
    await page.waitForURL(/\/runs\//);
    await status('succeeded');
  });

  test('many tasks of a node are one node, and all of their ends are told', async () => {
    const { id } = await stage.start('many', { items: Array.from({ length: 300 }, (_, index) => index) });
    await open(`/runs/${id}`);
    await status('succeeded');
    await page.getByRole('treeitem', { name: /^one/ }).getByText('×300 ✓300').waitFor();
  });

  test('every view asks the API for little', async () => {
    const asked: string[] = [];
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (pathname.startsWith('/v1/') && pathname !== '/v1/ws') asked.push(pathname);
    });
    await open('/');
    const { items } = await call<{ items: { id: string }[] }>(stage.dev.url, '/v1/runs');
    const paths = [
      '/runs',
      `/runs/${items[0]?.id}`,
      '/workflows',
      '/workflows/fragile',
      '/workers',
      '/lanes',
      '/endpoints',
      '/approvals',
      '/cost',
    ];
    for (const path of paths) {
      asked.length = 0;
      await open(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.locator('.loading').first().waitFor({ state: 'detached' });
      expect(asked.length, `${path}: ${asked.join(' ')}`).toBeLessThanOrEqual(REQUESTS_PER_NAVIGATION);
    }
  });

  test('what was lost with the server comes back with it, by itself', async () => {
    const path = stage.file('outlives');
    const { id } = await stage.start('patient', { path });
    await open(`/runs/${id}`);
    await page.getByRole('treeitem', { name: /^wait/ }).getByText('running').first().waitFor();
    await stage.killAndRestart(async () => {
      await page.locator('[data-live="false"]').waitFor();
      writeFileSync(path, '');
    });
    await live();
    await status('succeeded');
    await page
      .getByRole('treeitem', { name: /^after/ })
      .getByText('succeeded')
      .first()
      .waitFor();
  });

  test('no page has told an error, or has broken its own policy', () => {
    expect(stage.errors).toEqual([]);
  });
});
