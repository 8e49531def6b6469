/** Connects the command line to this process: arguments, environment, streams, signals, exit status. */
import { exitCodes } from '@weft/contract';
import type { Insistence } from './cli-io.ts';
import { environment } from './config.ts';
import { processTerminal } from './output/terminal.ts';
import { runCli } from './run-cli.ts';

/** One Ctrl-C may come twice: from the terminal, and from a parent that passes it on. */
const SAME_MS = 500;
/** How long what is still open after a command may keep the process. */
const LINGER_MS = 1000;

/** Runs the command that the arguments of this process name, and sets its exit status. */
export async function start(): Promise<void> {
  const env = environment();
  const insist: Insistence = { hurry: null };
  process.exitCode = await runCli(process.argv.slice(2), {
    env,
    terminal: processTerminal(env),
    interrupt: interruptSignal(insist),
    insist,
  });
  // What a handler has left behind, or a connection to a server that has fallen silent, must not keep a process that is done.
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

function interruptSignal(insist: Insistence): AbortSignal {
  const interrupted = new AbortController();
  let interruptedMs = 0;
  const interrupt = (): void => {
    if (interrupted.signal.aborted && performance.now() - interruptedMs <= SAME_MS) return;
    interruptedMs = performance.now();
    if (!interrupted.signal.aborted) {
      interrupted.abort();
      return;
    }
    // Who asks twice does not want to wait for what runs; who asks once more, for nothing at all.
    const { hurry } = insist;
    if (hurry === null) process.exit(exitCodes.interrupted);
    insist.hurry = null;
    hurry();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return interrupted.signal;
}
