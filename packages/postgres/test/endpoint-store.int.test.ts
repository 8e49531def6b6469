import { randomBytes } from 'node:crypto';

import { createTestDatabase } from '@weft/testkit';
import { endpointRecord, endpointStoreConformance } from '@weft/testkit/conformance/endpoint-store';
import type { EndpointsUnderTest } from '@weft/testkit/conformance/endpoint-store';
import { Pool } from 'pg';
import { expect, onTestFinished, test } from 'vitest';

import { openStore, parseSecretKey } from '../src/index.ts';
import type { PostgresStore, SecretKeys } from '../src/index.ts';

const newKey = () => parseSecretKey(randomBytes(32).toString('hex'), 'a key');

async function openStores(): Promise<EndpointsUnderTest> {
  const database = await createTestDatabase();
  const options = { url: database.url, maxConnections: 3, onError: () => undefined };
  const [store, keyless] = [openStore({ ...options, secretKeys: { present: newKey(), old: [] } }), openStore(options)];
  const pool = new Pool({ connectionString: database.url, max: 1 });
  return {
    endpoints: store.endpoints,
    keyless: keyless.endpoints,
    async elapse(ms) {
      const moves = ['probed_at', 'created_at', 'updated_at'].map((column) => `${column} = ${column} - $1::interval`);
      await pool.query(`update endpoint set ${moves.join(', ')}`, [`${ms} ms`]);
    },
    async close() {
      await Promise.all([store.close(), keyless.close(), pool.end()]);
      await database.drop({ verify: false });
    },
  };
}

endpointStoreConformance('on Postgres', openStores);

test('keys are changed without a token being lost, and what is stored tells nothing of them', async () => {
  const database = await createTestDatabase();
  const opened: PostgresStore[] = [];
  const open = (secretKeys: SecretKeys) => {
    const store = openStore({ url: database.url, maxConnections: 2, secretKeys, onError: () => undefined });
    opened.push(store);
    return store.endpoints;
  };
  const pool = new Pool({ connectionString: database.url, max: 1 });
  onTestFinished(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await pool.end();
    await database.drop({ verify: false });
  });
  const [first, second] = [newKey(), newKey()];
  const token = { kind: 'value', value: 'sk-canary-of-the-token' } as const;
  const before = open({ present: first, old: [] });
  for (const name of ['a', 'b']) await before.create(endpointRecord({ name, token }));
  await before.create(endpointRecord({ name: 'c', token: { kind: 'secret', name: 'X' } }));

  const between = open({ present: second, old: [first] });
  expect((await between.get('acme', 'a'))?.token).toEqual(token);
  expect(await between.reseal()).toBe(2);
  expect(await between.reseal()).toBe(0);
  const after = open({ present: second, old: [] });
  expect((await after.list('acme')).map((one) => one.token)).toEqual([token, token, { kind: 'secret', name: 'X' }]);
  expect((await before.get('acme', 'a'))?.token).toEqual({ kind: 'sealed', keyId: second.id });

  const { rows } = await pool.query<{ all: string }>('select endpoint::text as all from endpoint');
  const text = rows.map((row) => row.all).join();
  for (const canary of ['canary', Buffer.from('sk-canary').toString('hex'), second.bytes.toString('hex')])
    expect(text).not.toContain(canary);
});
