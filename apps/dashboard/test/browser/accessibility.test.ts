import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { call } from '../../../../test/e2e/dev-process.ts';
import { hasChromium } from './chromium.ts';
import { openStage } from './stage.ts';
import type { RunId, Stage } from './stage.ts';
import { ASKING, FRAGILE } from './workflows.ts';

type Violation = { id: string; help: string; nodes: { target: string[] }[] };

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Both themes have the same structure: of the second one only the colours are looked at. */
const RULES = {
  light: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  dark: ['color-contrast'],
} as const;

describe.runIf(hasChromium)('the dashboard for everybody', () => {
  let stage: Stage;
  let failed: RunId;

  beforeAll(async () => {
    stage = await openStage();
    await call(stage.dev.url, '/v1/workflows', ASKING);
    failed = await stage.start(FRAGILE, { path: stage.file('never') });
    await stage.start('asking', { what: 'a desk' });
    await call(stage.dev.url, '/v1/endpoints', {
      name: 'small',
      protocol: 'openai_chat',
      url: 'http://127.0.0.1:1/v1',
      model: 'small',
      price: { perCall: 1 },
    });
  });

  afterAll(() => stage?.stop());

  const views = (): string[] => [
    '/',
    '/runs',
    '/runs?q=status:running',
    ...['graph', 'timeline', 'state&step=2', 'io', 'calls', 'events'].map((tab) => `/runs/${failed.id}?tab=${tab}`),
    `/compare?a=${failed.id}&b=${failed.id}`,
    '/workflows',
    ...['graph', 'run', 'document', 'versions'].map((tab) => `/workflows/asking?tab=${tab}`),
    '/workers',
    '/lanes',
    '/lanes?tab=dead',
    '/endpoints',
    '/schedules',
    '/approvals',
    '/cost',
    '/squad',
  ];

  test.each(['light', 'dark'] as const)(
    'no view has a fault that axe finds, in %s',
    { timeout: 180_000 },
    async (colorScheme) => {
      const { page } = stage;
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const faults: string[] = [];
      for (const view of views()) {
        await page.goto(stage.dev.url + view);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.locator('.loading').first().waitFor({ state: 'detached' });
        await page.evaluate(AXE);
        const { violations } = await page.evaluate<{ violations: Violation[] }>(
          `axe.run(document, ${JSON.stringify({ runOnly: RULES[colorScheme], resultTypes: ['violations'] })})`,
        );
        for (const { id, help, nodes } of violations)
          faults.push(`${view}: ${id}: ${help}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
      }
      expect(faults).toEqual([]);
    },
  );

  test('everything is reached with keys: views, help, the palette, dialogs', async () => {
    const { page } = stage;
    await page.goto(stage.dev.url);
    const body = page.locator('body');
    await body.press('g');
    await body.press('r');
    await page.waitForURL(/\/runs$/);
    await page.getByText('asking').first().waitFor();
    await body.press('j');
    await body.press('Enter');
    await page.waitForURL((url) => url.pathname === `/runs/${failed.id}`);
    await body.press('2');
    await page.waitForURL(/tab=timeline/);
    await body.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await body.press('Control+k');
    await page.getByRole('combobox', { name: 'What to do, or the id of a run' }).fill('go to cost');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/cost$/);
    await body.press('t');
    await page.getByRole('button', { name: 'Theme: light' }).waitFor();
  });
});
