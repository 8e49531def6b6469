/**
 * Keeps every view of the dashboard as a picture, in both themes: `node scripts/screenshots.ts [--to FOLDER] [--format webp|png]`.
 *
 * The stack behind it is real: the sample, the squad at work, a run that has failed, a question, schedules, endpoints.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { launchChromium } from '../apps/dashboard/test/browser/chromium.ts';
import { startDevProcess } from '../test/e2e/dev-process.ts';
import { fillStage } from './screenshots/fill-stage.ts';

const ROOT = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    to: { type: 'string', default: join(ROOT, 'docs', 'screenshots') },
    format: { type: 'string', default: 'webp' },
  },
});
const format = values.format === 'png' ? 'png' : 'webp';
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 420, height: 800 };
const SETTLE_MS = 700;

const folder = resolve(values.to);
const data = await mkdtemp(join(tmpdir(), 'weft-screenshots-'));
const handlers = join(ROOT, 'apps', 'dashboard', 'test', 'fixtures', 'shown-handlers.ts');
const dev = await startDevProcess(join(data, 'stack'), ['--handlers', handlers]);
const browser = await launchChromium();
try {
  await mkdir(folder, { recursive: true });
  const views = await fillStage(dev.url);
  for (const theme of ['light', 'dark'] as const) {
    for (const [name, path] of Object.entries(views)) await take(`${name}-${theme}`, path, { theme, size: WIDE });
    for (const name of ['runs', 'run-graph'] as const)
      await take(`${name}-narrow-${theme}`, views[name], { theme, size: NARROW });
  }
} finally {
  await browser.close();
  await dev.stop();
  await rm(data, { recursive: true, force: true });
}

type Look = { theme: 'light' | 'dark'; size: { width: number; height: number } };

/** Each picture is of a page of its own, so that none shows what was done before. */
async function take(name: string, path: string, { theme, size }: Look): Promise<void> {
  const page = await browser.newPage({ viewport: size, colorScheme: theme });
  try {
    await page.goto(`${dev.url}${path}`);
    await page.locator('h1').first().waitFor();
    // What is live comes with the first batches; canvases are drawn after their layout.
    if (path === '/squad') await page.locator('.squad-card').first().waitFor();
    await page.waitForTimeout(SETTLE_MS);
    const devtools = await page.context().newCDPSession(page);
    const options = { format, ...(format === 'webp' && { quality: 70 }) } as const;
    const { data: picture } = await devtools.send('Page.captureScreenshot', options);
    await writeFile(join(folder, `${name}.${format}`), Buffer.from(picture, 'base64'));
  } finally {
    await page.close();
  }
}
