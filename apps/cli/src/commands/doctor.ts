/** weft doctor: examines a running system, with its database and its Redis, and says what is wrong with it. */
import { runningDatabaseUrl } from '@weft/embedded';
import { exitCodes, type ExitCode, type Finding } from '@weft/contract';

import { CliError } from '../cli-error.ts';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { dataDirectory, databaseUrl, deadAfterMs, redisUrl } from '../config.ts';
import { CHECKS, examine } from '../doctor/examine.ts';
import { painter } from '../output/paint.ts';
import { plainText } from '../output/plain-text.ts';
import { secretKeysAtHand } from '../stack/secret-keys.ts';
import { weftVersion } from '../stack/version.ts';

export type DoctorOptions = { only?: readonly string[]; dataDir?: string };

/** Ends with 1 if anything is found that is an error. */
export async function doctorCommand(context: CommandContext, { only, dataDir }: DoctorOptions): Promise<ExitCode> {
  requireKnown(only ?? []);
  const { env } = context;
  const secretKeys = keysOrUsage(context, dataDir);
  const findings = await examine({
    secretKeys,
    databaseUrl: databaseUrl(env) ?? embeddedUrl(dataDir ?? dataDirectory(env)),
    redisUrl: redisUrl(env),
    deadAfterMs: deadAfterMs(env),
    version: weftVersion(),
    only: only ?? null,
  }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError('unreachable', `the database does not answer: ${reason}`, { exitCode: exitCodes.unreachable });
  });
  const errors = findings.filter(({ level }) => level === 'error').length;
  if (context.json) writeJson(context, { healthy: errors === 0, findings });
  else tell(context, findings);
  return errors === 0 ? exitCodes.ok : exitCodes.runFailed;
}

function keysOrUsage({ env }: CommandContext, dataDir: string | undefined) {
  try {
    return secretKeysAtHand(env, dataDir ?? dataDirectory(env));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CliError('usage', message, { exitCode: exitCodes.usage });
  }
}

function requireKnown(names: readonly string[]): void {
  const unknown = names.find((name) => !CHECKS.includes(name));
  if (unknown === undefined) return;
  const lines = [`the checks are: ${CHECKS.join(', ')}`];
  throw new CliError('usage', `there is no check "${unknown}"`, { exitCode: exitCodes.usage, lines });
}

/** The database that `npm start` has brought with it, where DATABASE_URL names no other. */
function embeddedUrl(dataDir: string): string {
  const url = runningDatabaseUrl(dataDir);
  if (url !== null) return url;
  const message = `DATABASE_URL is not set, and no database runs in ${dataDir}: set DATABASE_URL (and REDIS_URL), or name the folder of a running stack with --data-dir`;
  throw new CliError('usage', message, { exitCode: exitCodes.usage });
}

function tell(context: CommandContext, findings: readonly Finding[]): void {
  const { out } = context.terminal;
  const paint = painter(out.color);
  const marks = { ok: paint('green', 'ok   '), warn: paint('yellow', 'warn '), error: paint('red', 'error') };
  for (const { check, level, what, where = [], advice } of findings) {
    out.write(`${marks[level]} ${check}: ${plainText(what)}\n`);
    if (level !== 'ok') for (const place of where) out.write(`        ${plainText(place)}\n`);
    if (advice !== undefined) out.write(`        ${paint('dim', `-> ${advice}`)}\n`);
  }
  const count = (level: Finding['level']): number => findings.filter((one) => one.level === level).length;
  say(context, `${count('error')} errors, ${count('warn')} warnings, ${count('ok')} fine`);
}
