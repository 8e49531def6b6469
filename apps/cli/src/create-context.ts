import { exitCodes } from '@weft/contract';
import { createClient, type WeftClient } from '@weft/sdk';
import type { CliIo } from './cli-io.ts';
import { CliError } from './cli-error.ts';
import type { CommandContext } from './command-context.ts';
import { serverToken, serverUrl } from './config.ts';

/** Options that every command takes. */
export type GlobalOptions = { json: boolean; url?: string; token?: string };

export function createContext(
  { terminal, env, interrupt, insist = { hurry: null } }: CliIo,
  options: GlobalOptions,
): CommandContext {
  let client: WeftClient | undefined;
  return {
    terminal,
    env,
    interrupt,
    insist,
    json: options.json,
    get client() {
      client ??= createClient({
        url: checkedUrl(serverUrl(options.url, env)),
        token: checkedToken(() => serverToken(options.token, env)),
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

function checkedToken(read: () => string | null): string | null {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError('usage', `WEFT_TOKEN_FILE cannot be read: ${reason}`, { exitCode: exitCodes.usage });
  }
}
