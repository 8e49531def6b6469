/** A running stack with a browser before it, and workflows to look at. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Browser, Page } from 'playwright-core';

import { call, startDevProcess } from '../../../../test/e2e/dev-process.ts';
import type { DevProcess } from '../../../../test/e2e/dev-process.ts';
import { launchChromium } from './chromium.ts';

export type RunId = { id: string };

export type Stage = {
  dev: DevProcess;
  browser: Browser;
  page: Page;
  /** Errors that pages have told, those of their policy included. */
  errors: string[];
  /** A file in a folder that goes with the stage. */
  file(name: string): string;
  start(workflow: unknown, input: unknown): Promise<RunId>;
  /** Kills the server and its Postgres at once, and starts both again where they were. */
  killAndRestart(whileDown: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
};

const HANDLERS = join(import.meta.dirname, '..', 'fixtures', 'handlers.ts');

export async function openStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-stage-'));
  const dataDir = join(folder, 'data');
  const extra = ['--handlers', HANDLERS];
  const stage = {
    dev: await startDevProcess(dataDir, extra),
    browser: await launchChromium(),
    errors: [] as string[],
  };
  const page = await stage.browser.newPage({ viewport: { width: 1400, height: 900 } });
  page.on('pageerror', (error) => stage.errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() !== 'error' || message.text().includes('ERR_CONNECTION')) return;
    stage.errors.push(`${message.text()} (${message.location().url})`);
  });
  return Object.assign(stage, {
    page,
    file: (name: string) => join(folder, name),
    start: (workflow: unknown, input: unknown) => call<RunId>(stage.dev.url, '/v1/runs', { workflow, input }),
    async killAndRestart(whileDown: () => Promise<void>) {
      await stage.dev.killAll();
      await whileDown();
      stage.dev = await startDevProcess(dataDir, [...extra, '--port', new URL(stage.dev.url).port]);
    },
    async stop() {
      await stage.browser.close();
      await stage.dev.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  });
}
