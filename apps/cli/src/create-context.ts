import { exitCodes, TenantName } from '@weft/contract';
import { createClient, type WeftClient } from '@weft/sdk';
import type { CliIo } from './cli-io.ts';
import { CliError } from './cli-error.ts';
import type { CommandContext } from './command-context.ts';
import { serverTenant, serverToken, serverUrl } from './config.ts';

/** Options that every command takes. */
export type GlobalOptions = { json: boolean; url?: string; token?: string; tenant?: string };

export function createContext(
  { terminal, env, interrupt, insist = { hurry: null } }: CliIo,
  options: GlobalOptions,
): CommandContext {
  let client: WeftClient | undefined;
  const tenant = serverTenant(options.tenant, env);
  return {
    terminal,
    env,
    interrupt,
    insist,
    json: options.json,
    tenant,
    get url() {
      return checkedUrl(serverUrl(options.url, env));
    },
    get client() {
      client ??= createClient({
        url: this.url,
        token: checkedToken(() => serverToken(options.token, env)),
        tenant: checkedTenant(tenant),
      });
      return client;
    },
  };
}

function checkedUrl(url: string): string {
  if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return url;
  throw new CliError('usage', `"${url}" is no address of a server; it looks like http://127.0.0.1:4400`, {
    exitCode: exitCodes.usage,
  });
}

function checkedTenant(tenant: string | null): string | null {
  if (tenant === null || TenantName.safeParse(tenant).success) return tenant;
  const rule = 'it has 1 to 63 of a-z 0-9 . _ - and begins with a letter or digit';
  throw new CliError('usage', `"${tenant}" is no name of a tenant; ${rule}`, { exitCode: exitCodes.usage });
}

function checkedToken(read: () => string | null): string | null {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError('usage', `WEFT_TOKEN_FILE cannot be read: ${reason}`, { exitCode: exitCodes.usage });
  }
}
