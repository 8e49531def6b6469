/** weft dev: the whole stack in one process, with a sample run to look at. */
import { resolve } from 'node:path';
import { exitCodes, type ExitCode } from '@weft/contract';
import { readProducerConfig } from '@weft/producer';
import { createClient } from '@weft/sdk';
import { CliError } from '../cli-error.ts';
import { say, type CommandContext } from '../command-context.ts';
import { dataDirectory, databaseUrl, serverToken } from '../config.ts';
import { retentionOptions } from '../stack/retention-options.ts';
import { startDev, type DevStack } from '../stack/start-dev.ts';
import { runSample } from '../stack/run-sample.ts';
import { weftVersion } from '../stack/version.ts';
import { explainStartError } from '../stack/explain-start-error.ts';
import { formatDuration } from '../output/duration.ts';
import { painter } from '../output/paint.ts';
import { untilAborted } from './serve.ts';

export type DevCommandOptions = {
  host?: string | undefined;
  port?: number | undefined;
  dataDir?: string | undefined;
  handlers?: string | undefined;
  endpoints?: string | undefined;
  sample: boolean;
};

/** Serves until it is interrupted. */
export async function devCommand(context: CommandContext, options: DevCommandOptions): Promise<ExitCode> {
  const { env, interrupt, json } = context;
  const dataDir = resolve(options.dataDir ?? dataDirectory(env));
  const startedMs = performance.now();
  if (!json) say(context, `weft ${weftVersion()}  node ${process.versions.node}  data ${dataDir}`);
  const stack = await start(context, { ...options, dataDir });
  try {
    announce(context, stack, { dataDir, tookMs: performance.now() - startedMs });
    // Whoever stops the stack while the sample runs finds it going on at the next start.
    if (options.sample) await runSample(contextOf(context, stack), dataDir);
    if (!json && !interrupt.aborted) say(context, `\nready at ${stack.url} - Ctrl-C stops it`);
    await untilAborted(interrupt);
  } finally {
    if (!json) say(context, 'stopping');
    await stack.stop();
  }
  return exitCodes.ok;
}

async function start(
  { env, json }: CommandContext,
  { host, port, dataDir, handlers, endpoints }: DevCommandOptions & { dataDir: string },
): Promise<DevStack> {
  try {
    // Flags are held to the same rules as the variables that they stand for.
    const flags = {
      ...(host !== undefined && { WEFT_HOST: host }),
      ...(port !== undefined && { WEFT_PORT: `${port}` }),
      ...(endpoints !== undefined && { WEFT_ENDPOINTS_FILE: resolve(endpoints) }),
    };
    const config = readProducerConfig({ ...env, ...flags });
    return await startDev({
      host: config.host,
      port: config.port,
      dataDir,
      databaseUrl: databaseUrl(env),
      retention: retentionOptions(env),
      endpointsFile: config.endpointsFile,
      env,
      handlersFile: handlers === undefined ? null : resolve(handlers),
      log: json ? 'stderr' : 'file',
    });
  } catch (error) {
    const message = explainStartError(error, { dataDir });
    throw message === null ? error : new CliError('start_failed', message, { exitCode: exitCodes.runFailed });
  }
}

function announce(
  context: CommandContext,
  { url, database }: DevStack,
  { dataDir, tookMs }: { dataDir: string; tookMs: number },
): void {
  const { out, err } = context.terminal;
  if (context.json) {
    out.write(`${JSON.stringify({ ready: true, url, database, dataDir, pid: process.pid })}\n`);
    return;
  }
  const mark = painter(err.color)('green', '✓');
  say(context, `${mark} Postgres (${database})`);
  say(context, `${mark} API and worker at ${url}, up in ${formatDuration(tookMs)}`);
}

/** The context of a command that talks to this very stack. */
function contextOf(context: CommandContext, { url }: DevStack): CommandContext {
  const { terminal, env, json, tenant, interrupt, insist } = context;
  const client = createClient({ url, token: serverToken(undefined, env) });
  return { url, terminal, env, json, tenant, interrupt, insist, client };
}
