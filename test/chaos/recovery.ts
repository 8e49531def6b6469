/** How soon work goes on after a fault, and where that is written down. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Client } from 'pg';
import { expect, onTestFinished } from 'vitest';

const TABLE = join(import.meta.dirname, '..', '..', 'docs', 'reliability.md');
const PATIENCE = { timeout: 120_000, interval: 10 };

export type Watch = {
  /** Steps committed so far in all runs; null while Postgres does not say. */
  steps(): Promise<number | null>;
  /** Call it when the fault ends: waits for the next step that is committed, and gives after how many ms it was. */
  untilNextStep(): Promise<number>;
};

/** Looks at a database by a way of its own, which comes back by itself. */
export function watchSteps(url: string): Watch {
  let client: Client | null = null;
  onTestFinished(async () => {
    await client?.end().catch(() => undefined);
  });
  const steps = async (): Promise<number | null> => {
    try {
      client ??= await connect(url);
      const { rows } = await client.query<{ steps: string }>('select coalesce(sum(step), 0) as steps from run');
      return Number(rows[0]?.steps);
    } catch {
      void client?.end().catch(() => undefined);
      client = null;
      return null;
    }
  };
  return {
    steps,
    async untilNextStep() {
      const since = performance.now();
      let before: number | null = null;
      const hasMoved = async (): Promise<boolean> => {
        const now = await steps();
        before ??= now;
        return now !== null && before !== null && now > before;
      };
      await expect.poll(hasMoved, PATIENCE).toBe(true);
      return performance.now() - since;
    },
  };
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 1000, query_timeout: 2000 });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/**
 * Says how long the recovery from a fault has taken, and, if `WEFT_WRITE_TIMES` is set, writes it into the last cell of the
 * fault's row in `docs/reliability.md`.
 */
export function recordRecovery(fault: string, ms: number): void {
  const text = ms < 1000 ? `${Math.round(ms / 10) * 10} ms` : `${(ms / 1000).toFixed(1)} s`;
  process.stdout.write(`weft: recovered from ${fault} after ${text}\n`);
  if (!process.env['WEFT_WRITE_TIMES'] || !existsSync(TABLE)) return;
  const lines = readFileSync(TABLE, 'utf8').split('\n');
  const written = lines.map((line) => {
    return line.startsWith(`| ${fault} |`) ? line.replace(/\|[^|]*\|\s*$/, `| ${text} |`) : line;
  });
  writeFileSync(TABLE, written.join('\n'));
}
