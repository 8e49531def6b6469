import { Client } from 'pg';

/** Runs one statement, which may be one that no transaction can hold, on a connection of its own. */
export async function runStatement(connectionString: string, statement: string): Promise<void> {
  const client = new Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The same server and user, another database. */
export function withDatabase(connectionString: string, name: string): string {
  const url = new URL(connectionString);
  url.pathname = `/${name}`;
  return url.href;
}

/** A name that no other process uses, so that several test runs can share a server. */
export function uniqueDatabaseName(kind: string): string {
  return `weft_${kind}_${crypto.randomUUID().replaceAll('-', '')}`;
}
