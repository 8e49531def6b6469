/** weft retention: how long ended runs are kept, and what they take. */
import { exitCodes, type ExitCode, type RetentionRule, type Storage } from '@weft/contract';
import { ApiError } from '@weft/sdk';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { formatBytes } from '../output/bytes.ts';
import { formatAge } from '../output/duration.ts';
import { painter } from '../output/paint.ts';
import { tableLines } from '../output/table.ts';

export type SetOptions = { age?: number; keep?: number; failedAge?: number; archive: boolean };

export async function listPolicies(context: CommandContext): Promise<ExitCode> {
  const { client, terminal, interrupt: signal } = context;
  const [policies, storage] = await Promise.all([client.retention.list({ signal }), storageIfTold(context)]);
  if (context.json) {
    writeJson(context, { ...policies, ...(storage && { storage }) });
    return exitCodes.ok;
  }
  const { items, fallback } = policies;
  const rows = items.map((policy) => [policy.workflow ?? 'all others', ...rowOf(policy)]);
  if (fallback && !items.some(({ workflow }) => workflow === null))
    rows.push(['all others (server)', ...rowOf(fallback)]);
  const dim = (line: string) => painter(terminal.out.color)('dim', line);
  if (rows.length === 0) say(context, 'no policy: nothing is ever deleted');
  else {
    const [header = '', ...lines] = tableLines(['WORKFLOW', 'AGE', 'KEEP', 'FAILED', 'ARCHIVE'], rows);
    terminal.out.write(`${[dim(header), ...lines].join('\n')}\n`);
  }
  if (!storage) return exitCodes.ok;
  const [header = '', ...lines] = storageTable(storage);
  terminal.out.write(`\n${[dim(header), ...lines].join('\n')}\n`);
  return exitCodes.ok;
}

/** What all tenants together take is the operator's to know. */
async function storageIfTold({ client, interrupt: signal }: CommandContext): Promise<Storage | null> {
  try {
    return await client.retention.storage({ signal });
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return null;
    throw error;
  }
}

function rowOf({ maxAgeMs, maxCount, failedMaxAgeMs, archive }: RetentionRule): string[] {
  const age = (ms: number | null) => (ms === null ? '-' : formatAge(ms));
  return [age(maxAgeMs), maxCount === null ? '-' : String(maxCount), age(failedMaxAgeMs), archive ? 'yes' : 'no'];
}

function storageTable({ bytes, tables }: Storage): string[] {
  const shown = tables.filter(({ rows, partitions }) => rows > 0 || partitions > 0);
  const rows = shown.map((one) => [
    one.table,
    formatBytes(one.bytes),
    String(one.rows),
    String(one.deadRows),
    one.partitions === 0 ? '' : String(one.partitions),
  ]);
  return tableLines(
    ['TABLE', 'SIZE', 'ROWS', 'DEAD', 'PARTITIONS'],
    [...rows, ['all', formatBytes(bytes), '', '', '']],
  );
}

export async function setPolicy(
  context: CommandContext,
  workflow: string | null,
  options: SetOptions,
): Promise<ExitCode> {
  const { age = null, keep = null, failedAge = null, archive } = options;
  const wanted = { workflow, maxAgeMs: age, maxCount: keep, failedMaxAgeMs: failedAge, archive };
  const policy = await context.client.retention.set(wanted, { signal: context.interrupt });
  if (context.json) writeJson(context, policy);
  else say(context, `${subject(workflow)}: ${sentence(policy)}`);
  return exitCodes.ok;
}

export async function removePolicy(context: CommandContext, workflow: string | null): Promise<ExitCode> {
  const policies = await context.client.retention.remove(workflow, { signal: context.interrupt });
  if (context.json) writeJson(context, policies);
  else say(context, `the policy for ${subject(workflow)} is removed`);
  return exitCodes.ok;
}

function subject(workflow: string | null): string {
  return workflow ?? 'all workflows without a policy of their own';
}

function sentence({ maxAgeMs, maxCount, failedMaxAgeMs, archive }: RetentionRule): string {
  const limits = [
    ...(maxAgeMs === null ? [] : [`runs go ${formatAge(maxAgeMs)} after their end`]),
    ...(maxCount === null ? [] : [`only the newest ${maxCount} stay`]),
    ...(failedMaxAgeMs === null ? [] : [`failed ones go after ${formatAge(failedMaxAgeMs)}`]),
  ];
  if (limits.length === 0) return 'runs are kept for ever';
  return `${limits.join(', ')}${archive ? ', and are archived first' : ''}`;
}
