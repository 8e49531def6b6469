/** weft dead: listing dead letters, doing them again, putting them away. */
import { exitCodes, type DeadLetter, type ExitCode, type LetterFilter, type LetterResults } from '@weft/contract';
import type { Json } from '@weft/contract';
import { CliError } from '../cli-error.ts';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { parseInput } from '../input/parse-input.ts';
import { readInputFile } from '../input/read-input-file.ts';
import { letterLines, letterTable } from '../output/letter-lines.ts';
import { painter } from '../output/paint.ts';

/** `within`: they failed so many ms ago, or less. */
export type LetterOptions = Omit<LetterFilter, 'since' | 'until'> & { within?: number };

export type ManyOptions = LetterOptions & { all: boolean; limit: number; dryRun: boolean; by?: string };

export type RetryOptions = ManyOptions & { with?: string; set: string[] };

export async function listLetters(
  context: CommandContext,
  { limit, cursor, ...options }: LetterOptions & { limit: number; cursor?: string },
): Promise<ExitCode> {
  const { client, terminal, interrupt } = context;
  const page = await client.deadLetters.list({ ...filterOf(options), limit, cursor, signal: interrupt });
  if (context.json) {
    writeJson(context, page);
    return exitCodes.ok;
  }
  if (page.items.length === 0) say(context, 'no dead letters');
  else terminal.out.write(`${letterTable(page.items, painter(terminal.out.color), Date.now()).join('\n')}\n`);
  if (page.nextCursor !== null) say(context, `more: --cursor ${page.nextCursor}`);
  return exitCodes.ok;
}

export async function showLetter(context: CommandContext, id: string): Promise<ExitCode> {
  const letter = await context.client.deadLetters.get(id, { signal: context.interrupt });
  if (context.json) writeJson(context, letter);
  else context.terminal.out.write(`${letterLines(letter).join('\n')}\n`);
  return exitCodes.ok;
}

export async function retryLetters(
  context: CommandContext,
  id: string | undefined,
  options: RetryOptions,
): Promise<ExitCode> {
  const { client, interrupt } = context;
  const { by: user, limit, dryRun } = options;
  if (id === undefined) {
    if (options.with !== undefined || options.set.length > 0)
      throw usage('--with and --set edit one dead letter: weft dead retry TASK --set key=value');
    const filter = manyOf(options);
    const signal = interrupt;
    return told(context, { verb: 'retried', dryRun }, await client.deadLetters.retryMany(filter, { limit, dryRun, user, signal }));
  }
  const edited = await inputOf(context, id, options);
  const letter = await client.deadLetters.retry(id, {
    ...(edited !== undefined && { with: edited }),
    user,
    signal: interrupt,
  });
  return shown(context, letter, `${letter.node} is done again: weft watch ${letter.runId}`);
}

export async function discardLetters(
  context: CommandContext,
  id: string | undefined,
  options: ManyOptions,
): Promise<ExitCode> {
  const { client, interrupt } = context;
  const { by: user, limit, dryRun } = options;
  if (id === undefined) {
    const many = { limit, dryRun, user, signal: interrupt };
    return told(context, { verb: 'discarded', dryRun }, await client.deadLetters.discardMany(manyOf(options), many));
  }
  const letter = await client.deadLetters.discard(id, { user, signal: interrupt });
  return shown(context, letter, `${letter.node} is discarded`);
}

/** The new input; undefined where it stays. `--set` changes what the next attempt would get. */
async function inputOf(
  context: CommandContext,
  id: string,
  { with: file, set }: RetryOptions,
): Promise<Json | undefined> {
  const whole = file === undefined ? undefined : await readInputFile(file);
  if (set.length === 0) return whole;
  const base = whole ?? (await context.client.deadLetters.get(id, { signal: context.interrupt })).input;
  return parseInput(set, base, '--set');
}

function filterOf({ workflow, node, code, lane, run, within }: LetterOptions): LetterFilter {
  const since = within === undefined ? undefined : new Date(Date.now() - within).toISOString();
  const all = { workflow, node, code, lane, run, since };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** Nobody is to do all of them by forgetting an option. */
function manyOf(options: ManyOptions): LetterFilter {
  const filter = filterOf(options);
  if (!options.all && Object.keys(filter).length === 0)
    throw usage('which dead letters? give the id of a task, a filter such as --workflow, or --all');
  return filter;
}

function usage(message: string): CliError {
  return new CliError('usage', message, { exitCode: exitCodes.usage });
}

function shown(context: CommandContext, letter: DeadLetter, text: string): ExitCode {
  if (context.json) writeJson(context, letter);
  else say(context, text);
  return exitCodes.ok;
}

/** Those that were refused are told of one by one; where all were, the command has come to nothing. */
function told(
  context: CommandContext,
  { verb, dryRun }: { verb: string; dryRun: boolean },
  results: LetterResults,
): ExitCode {
  const { done, items, more } = results;
  const refused = items.filter(({ reason }) => reason !== undefined);
  if (context.json) writeJson(context, results);
  else {
    for (const { taskId, node, reason } of refused) say(context, `${taskId} ${node}: ${reason}`);
    if (items.length === 0) say(context, 'no dead letters');
    else say(context, dryRun ? `${items.length} would be ${verb}` : `${done} of ${items.length} ${verb}`);
    if (more) say(context, `there are more; ${dryRun ? '--limit takes more of them' : 'the same command goes on with them'}`);
  }
  return done === 0 && refused.length > 0 ? exitCodes.conflict : exitCodes.ok;
}
