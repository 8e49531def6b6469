/** Servers that are kept between tasks: many take longer to start than to answer. */
import { McpServer } from './mcp-server.ts';
import type { ServerAddress } from './mcp-server.ts';

const MOST = 16;
const IDLE_MS = 300_000;

type Warm = {
  opened: Promise<McpServer>;
  /** Holds it as soon as there is one, connected or not. */
  started: { server: McpServer | null };
  users: number;
  idle: NodeJS.Timeout | null;
};

/** By tenant and address: tenants share none. They belong to the process, as its children do. */
const warm = new Map<string, Warm>();

/** A server that is in use until it is given back. */
export type Lease = {
  opened: Promise<McpServer>;
  /** As soon as there is one, connected or not. */
  started(): McpServer | null;
  /** `broken`: it is not to be used again. */
  giveBack(broken: boolean): void;
};

/** `timeoutMs`: how long it may take to answer at all, where it is to be started. */
export function borrow(tenant: string, address: ServerAddress & { timeoutMs: number }): Lease {
  const { command, env, cwd, url, headers } = address;
  const key = JSON.stringify([tenant, command, env, cwd, url, headers]);
  const found = warm.get(key);
  const entry = found && !found.started.server?.isOver ? found : open(key, address);
  entry.users += 1;
  if (entry.idle) clearTimeout(entry.idle);
  return {
    opened: entry.opened,
    started: () => entry.started.server,
    giveBack(broken) {
      entry.users -= 1;
      if (broken) return drop(key, entry);
      if (entry.users > 0) return;
      entry.idle = setTimeout(() => drop(key, entry), IDLE_MS).unref();
      makeRoom();
    },
  };
}

function open(key: string, address: ServerAddress & { timeoutMs: number }): Warm {
  const started: Warm['started'] = { server: null };
  const opened = McpServer.open(address, address.timeoutMs, (server) => (started.server = server));
  const entry: Warm = { opened, started, users: 0, idle: null };
  opened.catch(() => drop(key, entry));
  warm.set(key, entry);
  return entry;
}

function drop(key: string, entry: Warm): void {
  if (warm.get(key) === entry) warm.delete(key);
  if (entry.idle) clearTimeout(entry.idle);
  void entry.opened.then((server) => server.close()).catch(() => undefined);
}

/** What was not used for longest leaves. */
function makeRoom(): void {
  for (const [key, entry] of warm) {
    if (warm.size <= MOST) return;
    if (entry.users === 0) drop(key, entry);
  }
}

/** Ends all of them; for a worker that stops. */
export async function closeMcpServers(): Promise<void> {
  const entries = [...warm.values()];
  warm.clear();
  await Promise.all(
    entries.map(async ({ opened, idle }) => {
      if (idle) clearTimeout(idle);
      await opened.then((server) => server.close()).catch(() => undefined);
    }),
  );
}
