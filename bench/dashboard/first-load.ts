/** How soon the first screen says something, and what has to come over the wire for it. */
import { gzipSync } from 'node:zlib';

import type { Browser } from './meter.ts';

export type FirstLoad = {
  /** From the navigation to the first paint, and to the first screen without anything that still loads, ms. */
  paintMs: number;
  meaningfulMs: number;
  /** All that the server sends for it beside the API, gzipped. */ bytes: number;
};

/** Notes when the heading of a view stands there and nothing in it loads any more. */
const WHEN_MEANINGFUL = `new MutationObserver((_, observer) => {
  if (!document.querySelector('h1') || document.querySelector('.loading')) return;
  observer.disconnect();
  requestAnimationFrame(() => { globalThis.meaningfulMs = performance.now(); });
}).observe(document, { childList: true, subtree: true })`;

const PAINT = `performance.getEntriesByName('first-contentful-paint')[0].startTime`;

/** Opens an address with a browser that has kept nothing of it; the policy of the page would not let it be asked. */
export async function firstLoad(browser: Browser, url: string): Promise<FirstLoad> {
  const page = await browser.newPage({ bypassCSP: true });
  const sizes: Promise<number>[] = [];
  page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    if (!pathname.startsWith('/v1/')) sizes.push(response.body().then((body) => gzipSync(body).length));
  });
  await page.addInitScript(WHEN_MEANINGFUL);
  await page.goto(url);
  await page.waitForFunction('globalThis.meaningfulMs !== undefined');
  const [paintMs, meaningfulMs] = await page.evaluate<[number, number]>(`[${PAINT}, globalThis.meaningfulMs]`);
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  await page.close();
  return { paintMs, meaningfulMs, bytes };
}

/** The most calls of the API that any of these views makes when it is gone to. */
export async function mostRequests(browser: Browser, url: string, paths: readonly string[]): Promise<number> {
  const page = await browser.newPage({ bypassCSP: true });
  let asked = 0;
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith('/v1/') && pathname !== '/v1/ws') asked += 1;
  });
  let most = 0;
  for (const path of paths) {
    asked = 0;
    await page.goto(url + path);
    await page.waitForFunction(`document.querySelector('h1') && !document.querySelector('.loading')`);
    most = Math.max(most, asked);
  }
  await page.close();
  return most;
}
