#!/usr/bin/env node
import { exitCodes } from '@weft/contract';
import { environment } from './config.ts';
import { processTerminal } from './output/terminal.ts';
import { runCli } from './run-cli.ts';

const env = environment();
const interrupted = new AbortController();
process.on('SIGINT', () => {
  // Who asks twice does not want to wait for an orderly end.
  if (interrupted.signal.aborted) process.exit(exitCodes.interrupted);
  interrupted.abort();
});

process.exitCode = await runCli(process.argv.slice(2), {
  env,
  terminal: processTerminal(env),
  interrupt: interrupted.signal,
});
