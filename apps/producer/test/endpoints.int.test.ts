import type { Endpoint, EndpointPage } from '@weft/contract';
import type { EndpointLoad, EndpointMeter } from '@weft/engine/ports';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { buildApp } from '../src/index.ts';
import { createApiRig } from './api-rig.ts';
import { createTenantRig } from './tenant-rig.ts';
import type { TenantRig } from './tenant-rig.ts';

const TOKEN = 'sk-canary-of-the-token';
const HOOK = { protocol: 'webhook', url: 'https://agent.example/hook' };
const CHAT = { protocol: 'openai_chat', url: 'https://llm.example/v1', model: 'large' };

let rig: TenantRig;
let circuits: Record<string, 'closed' | 'open'> = {};
const answers: string[] = [];

/** What all share, as far as it is shown. */
const meter: EndpointMeter = {
  look: async (endpoints) =>
    endpoints.map(({ name }): EndpointLoad => {
      const circuit = circuits[name] ?? 'closed';
      return { running: 2, latencyMs: 120.5, circuit, freeAt: null, room: 1, succeeded: 5, failed: 1 };
    }),
  begin: async () => ({ kind: 'granted' }),
  renew: async () => undefined,
  end: async () => undefined,
  setCircuit: async ({ name }, circuit) => void (circuits = { ...circuits, [name]: circuit }),
};

beforeAll(async () => {
  rig = await createTenantRig({}, { meter });
}, 60_000);

afterAll(async () => {
  await rig?.stop();
  expect(answers.length).toBeGreaterThan(20);
  expect(answers.filter((body) => body.includes('canary'))).toEqual([]);
});

/** Calls as an admin of acme. Whatever is answered must not hold the token. */
async function call(method: string, url: string, payload?: object): Promise<{ status: number; body: Body }> {
  const answer = await rig.acme(method, url, payload === undefined ? {} : { payload });
  answers.push(answer.body);
  return { status: answer.statusCode, body: answer.json() };
}

/** What is looked at of any answer. */
type Body = Endpoint & EndpointPage & Refusal;

type Refusal = { code: string; detail: string; errors: { code: string; pointer: string; message: string }[] };

const names = async (query = '') => (await call('GET', `/v1/endpoints${query}`)).body.items.map(({ name }) => name);

describe('an endpoint', () => {
  test('is registered, shown with how it is and without its token, and listed by name', async () => {
    const given = {
      ...CHAT,
      tags: ['coder'],
      specialties: ['review'],
      maxConcurrent: 4,
      price: { inputPerMTok: 0.15, outputPerMTok: 0.6 },
      limits: { requestsPerMinute: 60 },
      health: { everyMs: 60_000 },
      options: { temperature: 0 },
    };
    const made = await call('POST', '/v1/endpoints', { name: 'writer', ...given, token: TOKEN });
    expect(made).toEqual({
      status: 201,
      body: {
        name: 'writer',
        ...given,
        hasToken: true,
        status: 'active',
        circuit: 'closed',
        latencyMs: 120.5,
        running: 2,
        problem: null,
        source: 'api',
        createdAt: expect.any(String),
        updatedAt: expect.any(String),
      },
    });
    expect((await call('GET', '/v1/endpoints/writer')).body).toEqual(made.body);
    await call('POST', '/v1/endpoints', { name: 'hook', ...HOOK, token: { secret: 'HOOK_TOKEN' } });
    expect((await call('GET', '/v1/endpoints/hook')).body).toMatchObject({
      hasToken: true,
      tags: [],
      maxConcurrent: 1,
    });
    expect(await names()).toEqual(['hook', 'writer']);
    expect(await names('?tag=coder')).toEqual(['writer']);
    expect(await names('?protocol=webhook')).toEqual(['hook']);
    const first = await call('GET', '/v1/endpoints?limit=1');
    expect(await names(`?limit=1&cursor=${first.body.nextCursor}`)).toEqual(['writer']);
  });

  test('has a name that is taken once in its tenant', async () => {
    await call('POST', '/v1/endpoints', { name: 'once', ...HOOK });
    const again = await call('POST', '/v1/endpoints', { name: 'once', ...CHAT });
    expect(again).toMatchObject({ status: 409, body: { code: 'conflict' } });
    const other = await rig.globex('POST', '/v1/endpoints', { payload: { name: 'once', ...HOOK } });
    expect(other.statusCode).toBe(201);
  });

  test('is changed in parts: what is left out stays, and null removes', async () => {
    await call('POST', '/v1/endpoints', { name: 'parts', ...CHAT, tags: ['a'], maxConcurrent: 3, token: TOKEN });
    const changed = await call('PATCH', '/v1/endpoints/parts', { tags: ['b'], maxConcurrent: null });
    expect(changed.body).toMatchObject({ tags: ['b'], maxConcurrent: 1, model: 'large', hasToken: true });
    const bare = await call('PATCH', '/v1/endpoints/parts', { token: null });
    expect(bare.body).toMatchObject({ hasToken: false, tags: ['b'] });
    const refused = await call('PATCH', '/v1/endpoints/parts', { model: null });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ code: 'missing_field', pointer: '/model' }] } });
  });

  test('is replaced as a whole, its token as well', async () => {
    await call('POST', '/v1/endpoints', { name: 'whole', ...CHAT, tags: ['a'], token: TOKEN });
    const { body } = await call('PUT', '/v1/endpoints/whole', HOOK);
    expect(body).toMatchObject({ protocol: 'webhook', tags: [], hasToken: false });
    expect(body).not.toHaveProperty('model');
    expect(await call('PUT', '/v1/endpoints/nobody', HOOK)).toMatchObject({ status: 404 });
  });

  test('does not take its token along to another server', async () => {
    await call('POST', '/v1/endpoints', { name: 'loyal', ...CHAT, token: TOKEN });
    const away = { url: 'https://thief.example/v1' };
    const refused = await call('PATCH', '/v1/endpoints/loyal', away);
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/token' }] } });
    expect(await call('PATCH', '/v1/endpoints/loyal', { url: 'https://llm.example/v2' })).toMatchObject({
      status: 200,
      body: { hasToken: true },
    });
    expect(await call('PATCH', '/v1/endpoints/loyal', { ...away, token: null })).toMatchObject({
      status: 200,
      body: { hasToken: false },
    });
  });

  test('drains and takes work again, and its circuit is opened and closed by hand', async () => {
    await call('POST', '/v1/endpoints', { name: 'valve', ...HOOK });
    const post = async (verb: string, body?: object) => (await call('POST', `/v1/endpoints/valve/${verb}`, body)).body;
    expect(await post('circuit', { circuit: 'open' })).toMatchObject({ status: 'open', circuit: 'open' });
    expect(await post('drain')).toMatchObject({ status: 'draining', circuit: 'open' });
    expect(await post('undrain')).toMatchObject({ status: 'open' });
    expect(await post('circuit', { circuit: 'closed' })).toMatchObject({ status: 'active', circuit: 'closed' });
    expect(await call('POST', '/v1/endpoints/valve/circuit', { circuit: 'half_open' })).toMatchObject({ status: 422 });
  });

  test('is gone once it is removed', async () => {
    await call('POST', '/v1/endpoints', { name: 'brief', ...HOOK });
    expect(await call('DELETE', '/v1/endpoints/brief')).toMatchObject({ status: 200, body: { name: 'brief' } });
    for (const [method, url] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/drain'],
      ['POST', '/undrain'],
    ] as const)
      expect(await call(method, `/v1/endpoints/brief${url}`), url).toMatchObject({ status: 404 });
  });

  test.each([
    [{ ...HOOK, url: 'https://agent.example' }, '/url', 'explicit path'],
    [{ ...HOOK, url: 'https://agent.example/' }, '/url', 'explicit path'],
    [{ ...HOOK, url: 'ftp://agent.example/x' }, '/url', 'http:// or https://'],
    [{ ...HOOK, url: 'agent.example/x' }, '/url', 'no URL'],
    [{ ...HOOK, url: 'https://user:canary@agent.example/x' }, '/url', 'user or a password'],
    [{ ...HOOK, url: 'https://agent.example/a b' }, '/url', 'no URL'],
    [{ ...HOOK, health: { url: 'redis://agent.example/x' } }, '/health/url', 'http://'],
    [{ ...HOOK, health: { everyMs: 10 } }, '/health/everyMs', ''],
    [{ protocol: 'mqtt', url: 'mqtt://broker.example' }, '/url', 'the topic'],
    [{ protocol: 'redis_stream', url: 'redis://broker.example/' }, '/url', 'the stream'],
    [{ protocol: 'redis_stream', url: 'https://broker.example/x' }, '/url', 'redis://'],
    [{ protocol: 'smtp', url: 'https://x.example/x' }, '/protocol', 'expected one of webhook'],
    [{ ...CHAT, model: undefined }, '/model', 'needs a model'],
    [{ ...HOOK, maxConcurrent: 0 }, '/maxConcurrent', ''],
    [{ ...HOOK, price: { perCall: -1 } }, '/price/perCall', ''],
    [{ ...HOOK, limits: { requestsPerMinute: 0 } }, '/limits/requestsPerMinute', ''],
    [{ ...HOOK, token: 'canary\nX-Other: 1' }, '/token', 'printable'],
    [{ ...HOOK, token: { secret: 'NO-NAME' } }, '/token/secret', 'begins with no digit'],
    [{ ...HOOK, token: { env: 'canary' } }, '/token/secret', 'required'],
    [{ ...HOOK, name: 'a b' }, '/name', '1 to 63'],
    [{ ...HOOK, tokn: 'x' }, '/tokn', 'unknown key'],
    [{ ...HOOK, options: { text: 'x'.repeat(70_000) } }, '/options', 'characters'],
  ])('that cannot be one is refused with its place: %j', async (body, pointer, message) => {
    const { status, body: refusal } = await call('POST', '/v1/endpoints', { name: 'bad', ...body });
    expect({ status, pointer: refusal.errors[0]?.pointer }).toEqual({ status: 422, pointer });
    expect(refusal.errors[0]?.message).toContain(message);
    expect(await call('GET', '/v1/endpoints/bad')).toMatchObject({ status: 404 });
  });
});

test('members see endpoints and change none of them', async () => {
  const { key } = await rig.make({ tenant: 'acme' });
  const member = rig.by(key);
  expect((await member('GET', '/v1/endpoints')).statusCode).toBe(200);
  for (const [method, url, payload] of [
    ['POST', '/v1/endpoints', { name: 'x', ...HOOK }],
    ['PUT', '/v1/endpoints/once', HOOK],
    ['PATCH', '/v1/endpoints/once', {}],
    ['DELETE', '/v1/endpoints/once', undefined],
    ['POST', '/v1/endpoints/once/drain', undefined],
    ['POST', '/v1/endpoints/once/undrain', undefined],
    ['POST', '/v1/endpoints/once/circuit', { circuit: 'open' }],
  ] as const)
    expect((await member(method, url, { payload })).statusCode, `${method} ${url}`).toBe(403);
});

test('a server without a key refuses a token in clear text by a code of its own, and takes the name of a secret', async () => {
  const api = await createApiRig({}, { isKeyless: true });
  const refused = await api.post('/v1/endpoints', { name: 'a', ...CHAT, token: TOKEN });
  answers.push(refused.body);
  expect([refused.statusCode, refused.json()]).toMatchObject([
    422,
    { code: 'no_encryption_key', errors: [{ code: 'no_encryption_key', pointer: '/token' }] },
  ]);
  expect(refused.json().detail).toContain('WEFT_ENCRYPTION_KEY');
  const named = await api.post('/v1/endpoints', { name: 'a', ...CHAT, token: { secret: 'OPENAI' } });
  expect([named.statusCode, named.json()]).toMatchObject([201, { hasToken: true }]);
  const file = [
    { name: 'plain', ...HOOK, protocol: 'webhook' as const },
    { name: 'sealed', ...HOOK, protocol: 'webhook' as const, token: TOKEN },
  ];
  await expect(api.options.engine.syncEndpoints(file)).rejects.toMatchObject({
    code: 'no_encryption_key',
    errors: [{ pointer: '/1/token' }],
  });
  expect((await api.get('/v1/endpoints/plain')).statusCode).toBe(404);
  const nowhere = await api.post('/v1/endpoints/a/circuit', { circuit: 'open' });
  expect([nowhere.statusCode, nowhere.json()]).toMatchObject([503, { code: 'unavailable' }]);
  await api.stop();
});

test('an endpoint is shown and removed though what all share of it cannot be read', async () => {
  const away: EndpointMeter = { ...meter, look: () => Promise.reject(new Error('the broker is away')) };
  const { options } = rig.api;
  const app = buildApp({ ...options, token: null, queries: { ...options.queries, meter: away } });
  const headers = { authorization: `Bearer ${rig.keys.acme.key}` };
  await call('POST', '/v1/endpoints', { name: 'dim', ...CHAT });
  const shown = await app.inject({ url: '/v1/endpoints/dim', headers });
  expect(shown.json()).toMatchObject({ latencyMs: null, problem: expect.stringContaining('cannot be read now') });
  expect((await app.inject({ method: 'DELETE', url: '/v1/endpoints/dim', headers })).statusCode).toBe(200);
  await app.close();
});
