/** Callbacks by the API: who may change them, and what is shown of them. What is delivered, the suites of the courier say. */
import type { CallbackView, CallbackWithSecret, Delivery } from '@weft/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createApiRig } from './api-rig.ts';
import { createTenantRig } from './tenant-rig.ts';
import type { TenantRig } from './tenant-rig.ts';

const URL_THERE = 'https://example.org/hook';
const ECHO = { name: 'told', nodes: { say: { type: 'task', uses: 'echo', with: { a: 1 } } } };

let rig: TenantRig;

beforeAll(async () => {
  rig = await createTenantRig();
}, 60_000);
afterAll(() => rig.stop());

async function create(body: object = {}): Promise<CallbackWithSecret> {
  const answer = await rig.acme('POST', '/v1/callbacks', { payload: { url: URL_THERE, ...body } });
  expect(answer.statusCode).toBe(201);
  return answer.json();
}

const seen = async (method: string, path: string, payload?: object): Promise<{ status: number; body: never }> => {
  const answer = await rig.acme(method, path, payload === undefined ? {} : { payload });
  return { status: answer.statusCode, body: answer.json() };
};

test('a secret is made where none is given, and is shown this once', async () => {
  const made = await create({ events: ['run.failed'], description: 'pager' });

  expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(made).toMatchObject({ events: ['run.failed'], description: 'pager', active: true, circuit: 'closed' });
  const shown = await rig.acme('GET', `/v1/callbacks/${made.id}`);
  expect(shown.json<CallbackView>()).toMatchObject({ id: made.id, isSigned: true, pending: 0 });
  expect(shown.body + (await rig.acme('GET', '/v1/callbacks')).body).not.toContain('whsec_');
});

test.each([
  [{ url: 'ftp://example.org/' }, '/url'],
  [{ url: 'https://user:pass@example.org/' }, '/url'],
  [{ url: 'nowhere' }, '/url'],
  [{ events: ['run.exploded'] }, '/events/0'],
  [{ events: [] }, '/events'],
  [{ secret: 'whsec_short' }, '/secret'],
  [{ secret: 'sesame' }, '/secret'],
  [{ colour: 'red' }, '/colour'],
])('%j is refused, and it is said where', async (wrong, pointer) => {
  const { status, body } = await seen('POST', '/v1/callbacks', { url: URL_THERE, ...wrong });

  expect([status, (body as { errors: { pointer: string }[] }).errors[0]?.pointer]).toEqual([422, pointer]);
  expect(JSON.stringify(body)).not.toContain('sesame');
});

test('what is given changes, and what is left out stays', async () => {
  const { id } = await create({ description: 'one' });
  const changed = await seen('PATCH', `/v1/callbacks/${id}`, { active: false, events: ['run.failed'] });

  expect(changed.body).toMatchObject({ active: false, events: ['run.failed'], description: 'one', url: URL_THERE });
  const again = await seen('PATCH', `/v1/callbacks/${id}`, { events: null, description: null });
  expect(again.body).toMatchObject({ active: false, events: null, description: null });
});

test('another secret is shown once as well', async () => {
  const { id, secret } = await create();
  const { body } = await seen('POST', `/v1/callbacks/${id}/rotate`, { keepOldMs: 0 });

  expect(body).toMatchObject({ id, secret: expect.stringMatching(/^whsec_/) });
  expect((body as CallbackWithSecret).secret).not.toBe(secret);
});

test('a test is a delivery that says where it stands, and goes with its callback', async () => {
  const { id } = await create({ active: false });
  const { status, body } = await seen('POST', `/v1/callbacks/${id}/test`);
  const delivery = body as Delivery;

  expect([status, delivery.status, delivery.why]).toEqual([202, 'pending', 'waits: its callback is not active']);
  expect(await seen('GET', `/v1/callbacks/deliveries/${delivery.id}`)).toMatchObject({
    body: { event: 'callback.test' },
  });
  expect(await seen('GET', `/v1/callbacks/deliveries?callback=${id}&status=pending`)).toMatchObject({
    body: { items: [{ id: delivery.id }], nextCursor: null },
  });
  await seen('DELETE', `/v1/callbacks/${id}`);
  expect(await seen('GET', `/v1/callbacks/deliveries/${delivery.id}`)).toMatchObject({
    body: { status: 'dropped', url: null, why: expect.stringContaining('was removed') },
  });
  expect(await seen('POST', `/v1/callbacks/deliveries/${delivery.id}/replay`)).toMatchObject({
    status: 409,
    body: { code: 'conflict' },
  });
});

test('lists come in pages', async () => {
  for (let n = 0; n < 3; n++) await create();
  const first = (await seen('GET', '/v1/callbacks?limit=2')).body as { items: CallbackView[]; nextCursor: string };
  const next = (await seen('GET', `/v1/callbacks?limit=2&cursor=${first.nextCursor}`)).body as typeof first;

  expect(first.items).toHaveLength(2);
  expect(next.items[0]?.id).not.toBe(first.items[1]?.id);
});

describe('callbacks of a run', () => {
  test('come with it, and are listed with it alone', async () => {
    const started = await seen('POST', '/v1/runs?wait=20s', { workflow: ECHO, callbacks: [{ url: URL_THERE }] });
    const { id } = started.body as { id: string };

    expect(started.status).toBe(201);
    const { body } = await seen('GET', `/v1/callbacks?run=${id}`);
    expect(body).toMatchObject({ items: [{ runId: id, url: URL_THERE, isSigned: false, pending: 1 }] });
    const [own] = (body as { items: CallbackView[] }).items;
    expect(await seen('GET', `/v1/callbacks/deliveries?run=${id}&callback=${own?.id}`)).toMatchObject({
      body: { items: [{ event: 'run.succeeded', runId: id, status: 'pending' }] },
    });
  });

  test('come with each run of a batch', async () => {
    const runs = [{ workflow: ECHO, callbacks: [{ url: URL_THERE, events: ['run.failed'] }] }, { workflow: ECHO }];
    const { body } = await seen('POST', '/v1/runs/batch', { runs });
    const { items } = body as { items: { id: string }[] };

    expect(await seen('GET', `/v1/callbacks?run=${items[0]?.id}`)).toMatchObject({
      body: { items: [{ url: URL_THERE }] },
    });
    expect(await seen('GET', `/v1/callbacks?run=${items[1]?.id}`)).toMatchObject({ body: { items: [] } });
  });

  test('that are wrong are refused with the run', async () => {
    const wrong = { workflow: ECHO, callbacks: [{ url: URL_THERE }, { url: 'file:///etc/passwd' }] };

    expect(await seen('POST', '/v1/runs', wrong)).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/callbacks/1/url' }] },
    });
  });
});

test('a tenant sees, changes and replays its own alone', async () => {
  const { id } = await create();
  const delivery = (await seen('POST', `/v1/callbacks/${id}/test`)).body as Delivery;
  const paths: [string, string][] = [
    ['GET', `/v1/callbacks/${id}`],
    ['PATCH', `/v1/callbacks/${id}`],
    ['DELETE', `/v1/callbacks/${id}`],
    ['POST', `/v1/callbacks/${id}/rotate`],
    ['POST', `/v1/callbacks/${id}/test`],
    ['GET', `/v1/callbacks/deliveries/${delivery.id}`],
    ['POST', `/v1/callbacks/deliveries/${delivery.id}/replay`],
  ];

  for (const [method, path] of paths) {
    const answer = await rig.globex(method, path, method === 'GET' || method === 'DELETE' ? {} : { payload: {} });
    expect([path, answer.statusCode]).toEqual([path, 404]);
  }
  expect((await rig.globex('GET', `/v1/callbacks/deliveries?callback=${id}`)).json()).toMatchObject({ items: [] });
});

test('a member may look and replay, and not change who is told', async () => {
  const { key } = await rig.make({ tenant: 'acme', role: 'member' });
  const member = rig.by(key);

  expect((await member('GET', '/v1/callbacks')).statusCode).toBe(200);
  expect((await member('POST', '/v1/callbacks', { payload: { url: URL_THERE } })).statusCode).toBe(403);
});

test('without a key to encrypt with, secrets are refused, and a callback of a run without one is not', async () => {
  const keyless = await createApiRig({}, { isKeyless: true });
  const secret = `whsec_${Buffer.alloc(32).toString('base64')}`;
  const start = (callback: object) => keyless.post('/v1/runs', { workflow: ECHO, callbacks: [callback] });

  expect((await keyless.post('/v1/callbacks', { url: URL_THERE })).json()).toMatchObject({ code: 'no_encryption_key' });
  expect((await start({ url: URL_THERE, secret })).json()).toMatchObject({
    code: 'no_encryption_key',
    errors: [{ pointer: '/callbacks/0/secret' }],
  });
  expect((await start({ url: URL_THERE })).statusCode).toBe(201);
  await keyless.stop();
});
