#!/usr/bin/env node
import { exitCodes } from '@weft/contract';
import { environment } from './config.ts';
import { processTerminal } from './output/terminal.ts';
import { runCli } from './run-cli.ts';

const env = environment();
const interrupted = new AbortController();
/** One Ctrl-C may come twice: from the terminal, and from a parent that passes it on. */
const SAME_MS = 500;
let interruptedMs = 0;

function interrupt(): void {
  if (!interrupted.signal.aborted) {
    interruptedMs = performance.now();
    interrupted.abort();
    return;
  }
  // Who asks twice does not want to wait for an orderly end.
  if (performance.now() - interruptedMs > SAME_MS) process.exit(exitCodes.interrupted);
}

process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);

process.exitCode = await runCli(process.argv.slice(2), {
  env,
  terminal: processTerminal(env),
  interrupt: interrupted.signal,
});
