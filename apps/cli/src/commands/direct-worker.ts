/** weft workers drain, cordon, uncordon. */
import { exitCodes, type ExitCode } from '@weft/contract';
import { eachItem } from '@weft/sdk';
import { CliError } from '../cli-error.ts';
import { say, writeJson, type CommandContext } from '../command-context.ts';

export type DirectWorker = { action: 'drain' | 'cordon' | 'uncordon'; worker: string };

const TOLD = {
  drain: 'leaves once it runs nothing',
  cordon: 'claims nothing more',
  uncordon: 'claims again',
};

export async function directWorkerCommand(
  context: CommandContext,
  { action, worker }: DirectWorker,
): Promise<ExitCode> {
  const { client, interrupt: signal } = context;
  const told = await client.workers[action](await idOf(context, worker), { signal });
  if (context.json) writeJson(context, told);
  else say(context, `worker ${told.id} (${told.name}) ${TOLD[action]}; it runs ${told.running} now`);
  return exitCodes.ok;
}

/** The id of the only live worker that is meant. What means none is left to the server to refuse. */
async function idOf({ client, interrupt: signal }: CommandContext, text: string): Promise<string> {
  const live: { id: string; name: string }[] = [];
  for await (const worker of eachItem((cursor) => client.workers.list({ cursor, limit: 200, signal }))) {
    if (worker.status !== 'dead') live.push(worker);
  }
  if (live.some(({ id }) => id === text)) return text;
  const meant = live.filter(({ id, name }) => name === text || id.startsWith(text));
  if (meant.length <= 1) return meant[0]?.id ?? text;
  const lines = meant.slice(0, 20).map(({ id, name }) => `  ${id}  ${name}`);
  throw new CliError('usage', `"${text}" means ${meant.length} workers; name one by its id`, {
    exitCode: exitCodes.usage,
    lines,
  });
}
