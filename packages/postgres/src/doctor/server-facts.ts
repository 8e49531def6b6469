import { Client } from 'pg';

export type ServerFacts = {
  /** Its clock, and that of this machine before and after it was asked; epoch ms. */
  clock: { theirs: number; before: number; after: number };
  /** Where its data lies on its machine; null where we may not know. */
  dataDirectory: string | null;
};

/** What a server says of itself. Throws where it does not answer. */
export async function readServerFacts(connectionString: string): Promise<ServerFacts> {
  const client = new Client({ connectionString, application_name: 'weft doctor', connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const before = Date.now();
    const { rows } = await client.query<{ now: string }>('select extract(epoch from clock_timestamp()) * 1000 as now');
    const after = Date.now();
    const directory = await client.query<{ data_directory: string }>('show data_directory').catch(() => null);
    return {
      clock: { theirs: Number(rows[0]?.now), before, after },
      dataDirectory: directory?.rows[0]?.data_directory ?? null,
    };
  } finally {
    await client.end().catch(() => undefined);
  }
}
