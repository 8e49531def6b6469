/** weft open: the dashboard, or a run in it, in a browser. */
import { spawn } from 'node:child_process';

import { exitCodes, type ExitCode } from '@weft/contract';
import { say, writeJson, type CommandContext } from '../command-context.ts';

/** What opens an address, by platform. */
const OPENERS: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** Prints the address where nobody sits before a screen. */
export async function openCommand(context: CommandContext, runId: string | undefined): Promise<ExitCode> {
  if (runId !== undefined) await context.client.runs.get(runId, { signal: context.interrupt });
  const url = new URL(runId === undefined ? '/' : `/runs/${encodeURIComponent(runId)}`, context.url).href;
  if (context.json) writeJson(context, { url });
  else if (!context.terminal.out.isTty || !(await open(url))) context.terminal.out.write(`${url}\n`);
  else say(context, `opened ${url}`);
  return exitCodes.ok;
}

/** False where there is no browser to be opened. */
function open(url: string): Promise<boolean> {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
  child.once('error', () => resolve(false));
  child.once('spawn', () => {
    child.unref();
    resolve(true);
  });
  return promise;
}
