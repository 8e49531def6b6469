/** weft keys: the API keys of tenants. */
import { exitCodes, type ApiKey, type CreatedKey, type ExitCode, type KeyRole } from '@weft/contract';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { painter } from '../output/paint.ts';
import { tableLines } from '../output/table.ts';

export type CreateKeyOptions = { name?: string; role: KeyRole; expires?: number };
export type ListKeysOptions = { limit: number; cursor?: string };

/** The key goes to the standard output and everything about it to the error output, so that it can be kept in a variable. */
export async function createKey(context: CommandContext, options: CreateKeyOptions): Promise<ExitCode> {
  const { client, terminal, interrupt: signal } = context;
  const { name, role, expires } = options;
  const wanted = { role, ...(name !== undefined && { name }), ...(expires !== undefined && { expiresMs: expires }) };
  const made = await client.keys.create(wanted, { signal });
  if (context.json) writeJson(context, made);
  else {
    say(context, `${sentence(made)}; it is shown this once:`);
    terminal.out.write(`${made.key}\n`);
    say(context, 'use it as WEFT_TOKEN; once there is a key, every call needs one, or the token of the server');
  }
  return exitCodes.ok;
}

function sentence({ id, tenant, role, expiresAt }: CreatedKey): string {
  const until = expiresAt === null ? 'does not expire' : `expires ${expiresAt}`;
  return `key ${id} of the tenant ${tenant}, role ${role}, ${until}`;
}

export async function listKeys(context: CommandContext, { limit, cursor }: ListKeysOptions): Promise<ExitCode> {
  const { client, terminal, tenant, interrupt: signal } = context;
  const page = await client.keys.list({ limit, cursor, tenant: tenant ?? undefined, signal });
  if (context.json) {
    writeJson(context, page);
    return exitCodes.ok;
  }
  if (page.items.length === 0) say(context, 'no keys');
  else {
    const header = ['KEY', 'TENANT', 'ROLE', 'STATUS', 'CREATED', 'LAST USED', 'EXPIRES', 'NAME'];
    const [first = '', ...lines] = tableLines(header, page.items.map(rowOf));
    terminal.out.write(`${[painter(terminal.out.color)('dim', first), ...lines].join('\n')}\n`);
  }
  if (page.nextCursor !== null) say(context, `more: --cursor ${page.nextCursor}`);
  return exitCodes.ok;
}

function rowOf({ id, tenant, role, status, createdAt, lastUsedAt, expiresAt, name }: ApiKey): string[] {
  const instants = [createdAt, lastUsedAt, expiresAt].map((instant) => instant?.slice(0, 16).replace('T', ' ') ?? '-');
  return [id, tenant, role, status, ...instants, name];
}

export async function revokeKey(context: CommandContext, id: string): Promise<ExitCode> {
  const revoked = await context.client.keys.revoke(id, { signal: context.interrupt });
  if (context.json) writeJson(context, revoked);
  else
    say(
      context,
      `key ${revoked.id} of the tenant ${revoked.tenant} is revoked; within 5 s no server takes it any more`,
    );
  return exitCodes.ok;
}
