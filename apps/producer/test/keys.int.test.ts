/** API keys: who may make, see and revoke them, and what happens to those who are known by them. */
import { randomBytes } from 'node:crypto';

import { WS_PROTOCOL, WS_TENANT_PREFIX, WS_TOKEN_PREFIX, wsCloseCodes } from '@weft/contract';
import { pino } from 'pino';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { buildApp, startProducer } from '../src/index.ts';
import type { Producer, ProducerOptions } from '../src/index.ts';
import { MOST_TRIES } from '../src/keys/failed-tries.ts';
import { openSocket, refusal } from './socket-log.ts';
import { createTenantRig, TOKEN } from './tenant-rig.ts';
import type { TenantRig } from './tenant-rig.ts';

const PATIENCE = { timeout: 15_000, interval: 10 };
const REVOKED_WITHIN = { timeout: 5000, interval: 20 };

let rig: TenantRig;
let gate = Promise.withResolvers<void>();

beforeAll(async () => {
  rig = await createTenantRig({
    gate: async () => {
      await gate.promise;
      return { kind: 'succeeded', output: 'through' };
    },
  });
}, 60_000);

afterAll(async () => {
  gate.resolve();
  await rig.stop();
});

async function serve(options: Partial<ProducerOptions> = {}): Promise<Producer> {
  const server = await startProducer({ ...rig.api.options, token: TOKEN, host: '127.0.0.1', port: 0, ...options });
  onTestFinished(() => server.close());
  return server;
}

const wrongKey = (): string => `weft_${randomBytes(16).toString('hex')}_${randomBytes(20).toString('hex')}`;
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe('the keys of tenants', () => {
  test('are shown once, and stored as digests only', async () => {
    const made = await rig.operator('POST', '/v1/keys', { payload: { tenant: 'acme', name: 'ci', expiresMs: 90_000 } });
    expect(made.statusCode).toBe(201);
    const { key, ...shown } = made.json();
    const secret = key.split('_').at(-1);
    expect(shown).toMatchObject({ tenant: 'acme', name: 'ci', role: 'member', status: 'live', lastUsedAt: null });
    expect(key.startsWith(`${shown.prefix}_`)).toBe(true);
    expect(Date.parse(shown.expiresAt) - Date.parse(shown.createdAt)).toBe(90_000);

    const listed = await rig.operator('GET', '/v1/keys?tenant=acme');
    expect(listed.json().items[0]).toEqual(shown);
    expect(listed.body).not.toContain(secret);
    const revoked = await rig.operator('DELETE', `/v1/keys/${shown.id}`);
    expect(revoked.json()).toMatchObject({ id: shown.id, status: 'revoked' });
    expect(revoked.body).not.toContain(secret);

    const pool = new Pool({ connectionString: rig.api.url });
    const { rows } = await pool.query('select k::text as text from api_key k');
    await pool.end();
    expect(rows.length).toBeGreaterThan(2);
    for (const known of [key, rig.keys.acme.key])
      expect(rows.some(({ text }) => text.includes(known.split('_').at(-1)))).toBe(false);
  });

  test('are listed page by page: by an admin those of its tenant, by the operator all', async () => {
    for (let i = 0; i < 3; i += 1) await rig.make({ tenant: 'pages' });
    const admin = rig.by((await rig.make({ tenant: 'pages', role: 'admin' })).key);
    const first = (await admin('GET', '/v1/keys?limit=3')).json();
    const second = (await admin('GET', `/v1/keys?limit=3&cursor=${first.nextCursor}`)).json();
    expect([first.items.length, second.items.length, second.nextCursor]).toEqual([3, 1, null]);
    expect([...first.items, ...second.items].every(({ tenant }: { tenant: string }) => tenant === 'pages')).toBe(true);

    const all = (await rig.operator('GET', '/v1/keys?limit=200')).json().items as { tenant: string }[];
    expect(new Set(all.map(({ tenant }) => tenant)).size).toBeGreaterThan(1);
    const named = await rig.operator('GET', '/v1/keys', { headers: { 'weft-tenant': 'pages' } });
    expect(named.json().items).toHaveLength(4);
  });

  test('are managed by admins of the same tenant, and by no member', async () => {
    const member = rig.by((await rig.make({ tenant: 'acme' })).key);
    for (const [method, url] of [
      ['POST', '/v1/keys'],
      ['GET', '/v1/keys'],
      ['DELETE', `/v1/keys/${rig.keys.acme.id}`],
      ['PUT', '/v1/retention'],
      ['POST', '/v1/prune'],
      ['DELETE', `/v1/runs/${crypto.randomUUID()}`],
    ] as const) {
      const answer = await member(method, url, { payload: {} });
      expect([method, url, answer.statusCode, answer.json().code]).toEqual([method, url, 403, 'forbidden']);
    }
    expect((await member('GET', '/v1/runs')).statusCode).toBe(200);
    expect((await rig.acme('POST', '/v1/keys', { payload: { tenant: 'globex' } })).statusCode).toBe(403);
    expect((await rig.acme('GET', '/v1/keys?tenant=globex')).statusCode).toBe(403);
    expect((await rig.acme('DELETE', `/v1/keys/${rig.keys.globex.id}`)).statusCode).toBe(404);
    const own = (await rig.acme('POST', '/v1/keys')).json();
    expect(own).toMatchObject({ tenant: 'acme', role: 'member' });
    expect((await rig.acme('DELETE', `/v1/keys/${own.id}`)).json().status).toBe('revoked');
    expect((await rig.by(own.key)('GET', '/v1/runs')).json().detail).toBe('the key is revoked');
  });

  test('act in their tenant, whatever they name; the operator acts where it says', async () => {
    const named = (tenant: string) => ({ headers: { 'weft-tenant': tenant } });
    const document = { name: 'whose', nodes: { a: { type: 'task', uses: 'echo' } } };
    const saved = await rig.operator('POST', '/v1/workflows', { payload: document, ...named('acme') });
    expect(saved.statusCode).toBe(201);
    const path = '/v1/workflows/whose';
    expect((await rig.acme('GET', path)).statusCode).toBe(200);
    expect((await rig.acme('GET', path, named('acme'))).statusCode).toBe(200);
    expect((await rig.globex('GET', path)).statusCode).toBe(404);
    expect((await rig.globex('GET', path, named('acme'))).statusCode).toBe(403);
    expect((await rig.operator('GET', path)).statusCode).toBe(404);
    expect((await rig.operator('GET', path, named('acme'))).statusCode).toBe(200);
    const bad = await rig.operator('GET', path, named('No Such'));
    expect(bad.json()).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/headers/weft-tenant' }] });
    for (const url of ['/v1/workers', '/v1/storage', '/metrics']) {
      expect([url, (await rig.acme('GET', url)).statusCode]).toEqual([url, 403]);
      expect([url, (await rig.operator('GET', url)).statusCode]).toEqual([url, 200]);
    }
    expect((await rig.by(null)('GET', '/metrics')).statusCode).toBe(401);
  });

  test('that are wrong are refused with a code, and a text that holds nothing of them', async () => {
    const key = wrongKey();
    for (const credential of [null, key, key.slice(0, -1), rig.keys.acme.key.replace(/.$/, 'x'), `${TOKEN}x`]) {
      const answer = await rig.by(credential)('GET', '/v1/runs');
      expect([answer.statusCode, answer.headers['www-authenticate']]).toEqual([401, 'Bearer']);
      expect(answer.body).not.toContain(key.slice(5, 20));
    }
    const inQuery = await rig.by(null)('GET', `/v1/runs?key=${rig.keys.acme.key}`);
    expect(inQuery.statusCode).toBe(401);
  });
});

describe('without a token', () => {
  test('everybody on this machine is the operator until there is a key; then calls need one', async () => {
    const { keys, ...options } = rig.api.options;
    let isThere = false;
    const app = buildApp({ ...options, keys: { ...keys, hasAny: async () => isThere && keys.hasAny() } });
    onTestFinished(() => app.close());
    expect((await app.inject('/v1/workers')).statusCode).toBe(200);
    expect((await app.inject({ url: '/v1/runs', headers: bearer('any-token-of-before') })).statusCode).toBe(200);
    expect((await app.inject({ url: '/v1/runs', headers: bearer(wrongKey()) })).statusCode).toBe(401);
    expect((await app.inject('/metrics')).statusCode).toBe(200);

    isThere = true;
    await expect.poll(async () => (await app.inject('/v1/runs')).statusCode, REVOKED_WITHIN).toBe(401);
    expect((await app.inject('/metrics')).statusCode).toBe(401);
    expect((await app.inject('/healthz')).statusCode).toBe(200);
    expect((await app.inject({ url: '/v1/runs', headers: bearer(rig.keys.acme.key) })).statusCode).toBe(200);
    expect((await app.inject({ url: '/v1/workers', headers: bearer(rig.keys.acme.key) })).statusCode).toBe(403);
  });
});

describe('a key that is revoked', () => {
  test('ends within five seconds on every producer, with the streams and WebSockets that are open by it', async () => {
    const servers = [await serve(), await serve()] as const;
    const { id, key } = await rig.make({ tenant: 'acme' });
    const other = await rig.make({ tenant: 'acme' });
    gate = Promise.withResolvers();
    const workflow = { name: 'gated', nodes: { a: { type: 'task', uses: 'gate' } } };
    const run = (await rig.by(key)('POST', '/v1/runs', { payload: { workflow } })).json();
    const protocol = (text: string) => `${WS_TOKEN_PREFIX}${Buffer.from(text).toString('base64url')}`;
    const sockets = await Promise.all(
      servers.map(({ url }) => openSocket(url, { protocols: [WS_PROTOCOL, protocol(key)] })),
    );
    const kept = await openSocket(servers[1].url, { protocols: [WS_PROTOCOL, protocol(other.key)] });
    for (const log of [...sockets, kept]) log.send({ t: 'subscribe', id: 1, topic: `run:${run.id}`, modes: ['debug'] });
    for (const log of [...sockets, kept]) await expect.poll(() => log.steps(1), PATIENCE).toContain(1);
    const stream = await fetch(`${servers[1].url}/v1/runs/${run.id}/events`, { headers: bearer(key) });
    const streamed = stream.text();

    const waiting = fetch(`${servers[0].url}/v1/runs?wait=20s`, {
      method: 'POST',
      headers: { ...bearer(key), 'content-type': 'application/json' },
      body: JSON.stringify({ workflow, tags: ['waited for'] }),
    });
    await expect
      .poll(async () => (await rig.by(other.key)('GET', '/v1/runs?tag=waited%20for')).json().items, PATIENCE)
      .toHaveLength(1);

    const revokedAt = performance.now();
    const answer = await fetch(`${servers[0].url}/v1/keys/${id}`, { method: 'DELETE', headers: bearer(TOKEN) });
    expect(answer.status).toBe(200);
    const codes = await Promise.all(sockets.map(({ closed }) => closed));
    expect(await streamed).toContain('event: tasks');
    expect((await waiting).status).toBe(401);
    expect(performance.now() - revokedAt).toBeLessThan(5000);
    expect(codes).toEqual([wsCloseCodes.refused, wsCloseCodes.refused]);
    for (const { url } of servers) expect((await fetch(`${url}/v1/runs`, { headers: bearer(key) })).status).toBe(401);
    expect(kept.socket.readyState).toBe(kept.socket.OPEN);
    gate.resolve();
    await expect.poll(() => kept.of(1).at(-1)?.t, PATIENCE).toBe('end');
    await kept.close();
  });
});

describe('brute force', () => {
  test('is answered 429 after some wrong keys, without reads; keys that are in use still pass', async () => {
    let finds = 0;
    const { keys } = rig.api.options;
    const counting = { ...keys, find: async (ids: readonly string[]) => ((finds += 1), keys.find(ids)) };
    const app = buildApp({ ...rig.api.options, token: TOKEN, keys: counting });
    onTestFinished(() => app.close());
    const call = (key: string, remoteAddress: string) =>
      app.inject({ url: '/v1/runs?limit=1', headers: bearer(key), remoteAddress });
    expect((await call(rig.keys.acme.key, '203.0.113.7')).statusCode).toBe(200);
    const statuses = [];
    for (let i = 0; i < 3 * MOST_TRIES; i += 1) statuses.push((await call(wrongKey(), '203.0.113.7')).statusCode);

    expect(statuses.slice(0, MOST_TRIES)).toEqual(Array.from({ length: MOST_TRIES }, () => 401));
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(MOST_TRIES);
    expect(finds).toBeLessThan(2 * MOST_TRIES);
    const refused = await call(wrongKey(), '203.0.113.7');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await call(rig.keys.acme.key, '203.0.113.7')).statusCode).toBe(200);
    expect((await call(TOKEN, '203.0.113.7')).statusCode).toBe(200);
    expect((await call(rig.keys.globex.key, '203.0.113.7')).statusCode).toBe(429);
    expect((await call(rig.keys.globex.key, '203.0.113.8')).statusCode).toBe(200);
  });
});

test('no key is in the log, whatever goes wrong', async () => {
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const { keys, queries } = rig.api.options;
  const broken = { ...queries, reader: { ...queries.reader, runs: () => Promise.reject(new Error('broken')) } };
  const app = buildApp({ ...rig.api.options, queries: broken, log, token: TOKEN, keys });
  onTestFinished(() => app.close());
  const { key } = rig.keys.acme;
  expect((await app.inject({ url: '/v1/runs', headers: bearer(key) })).statusCode).toBe(500);
  await app.inject({ url: `/v1/runs?key=${key}`, headers: bearer(wrongKey()) });
  await app.inject({ url: `/nowhere/${key}`, headers: bearer(key) });

  expect(lines.join('')).toContain('the request failed');
  expect(lines.join('')).not.toContain(key.split('_').at(-1));
});

describe('a WebSocket', () => {
  test('hears of its own tenant only', async () => {
    const { url } = await serve();
    const watch = (key: string) => openSocket(url, { headers: bearer(key) });
    const [acme, globex] = [await watch(rig.keys.acme.key), await watch(rig.keys.globex.key)];
    for (const log of [acme, globex]) {
      log.send({ t: 'subscribe', id: 'runs', topic: 'runs' });
      log.send({ t: 'subscribe', id: 'lanes', topic: 'lanes' });
      log.send({ t: 'subscribe', id: 'workers', topic: 'workers' });
      await expect.poll(() => log.of('lanes').length, PATIENCE).toBeGreaterThan(0);
    }
    const workflow = { name: 'seen', nodes: { a: { type: 'task', uses: 'echo' } } };
    const { id } = (await rig.acme('POST', '/v1/runs', { payload: { workflow } })).json();
    await expect.poll(() => JSON.stringify(acme.of('runs')).includes(id), PATIENCE).toBe(true);
    const own = (await rig.globex('POST', '/v1/runs', { payload: { workflow } })).json();
    await expect.poll(() => JSON.stringify(globex.of('runs')).includes(own.id), PATIENCE).toBe(true);
    globex.send({ t: 'subscribe', id: 'foreign', topic: `run:${id}` });
    await expect.poll(() => globex.of('foreign').at(-1), PATIENCE).toMatchObject({ t: 'error', code: 'not_found' });

    expect(JSON.stringify(globex.frames)).not.toContain(id);
    expect(JSON.stringify(acme.frames)).not.toContain(own.id);
    expect(acme.of('workers').at(-1)).toMatchObject({ t: 'error', code: 'forbidden' });
    for (const log of [acme, globex]) await log.close();
  });

  test('of the operator watches the tenant that it names, and the workers', async () => {
    const { url } = await serve();
    const protocols = [WS_PROTOCOL, `${WS_TENANT_PREFIX}acme`];
    const log = await openSocket(url, { headers: bearer(TOKEN), protocols });
    log.send({ t: 'subscribe', id: 'workers', topic: 'workers' });
    log.send({ t: 'subscribe', id: 'runs', topic: 'runs' });
    await expect.poll(() => log.of('workers')[0]?.t, PATIENCE).toBe('snapshot');
    const workflow = { name: 'seen', nodes: { a: { type: 'task', uses: 'echo' } } };
    const { id } = (await rig.acme('POST', '/v1/runs', { payload: { workflow } })).json();
    await expect.poll(() => JSON.stringify(log.of('runs')).includes(id), PATIENCE).toBe(true);
    await log.close();

    const other = { headers: bearer(rig.keys.globex.key), protocols };
    expect(await refusal(url, other)).toMatchObject({ status: 403, code: 'forbidden' });
  });
});
