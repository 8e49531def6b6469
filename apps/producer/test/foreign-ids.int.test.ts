/** Every route of the API, with the ids and names of another tenant. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { printApi } from '../src/index.ts';
import { createTenantRig } from './tenant-rig.ts';
import type { Client, TenantRig } from './tenant-rig.ts';

/** Whatever holds this text is acme's. */
const CANARY = 'canary-of-acme';
const FLOW = `flow-${CANARY}`;
const ENDPOINT = `endpoint-${CANARY}`;
const HOOK = { protocol: 'webhook', url: `https://agent.example/${CANARY}` };
const PATIENCE = { timeout: 15_000, interval: 20 };

let rig: TenantRig;
/** What acme has, by what the paths call it. */
const theirs = {
  run: '',
  open: '',
  dispatched: '',
  mesh: '',
  task: '',
  letter: '',
  question: '',
  key: '',
  callback: '',
  delivery: '',
  artifact: '',
  version: 1,
};

const document = {
  name: FLOW,
  nodes: {
    first: { type: 'task', uses: 'echo', with: CANARY, output: 'said' },
    ask: { type: 'interrupt', message: CANARY, when: 'input.ask == true', needs: ['first'] },
  },
  state: { said: { type: 'string' } },
};

const SCHEDULE = 'theirs';
const HOURLY = { spec: { cron: '0 * * * *' }, workflow: FLOW };

beforeAll(async () => {
  rig = await createTenantRig({
    broken: async () => ({ kind: 'failed', error: { code: 'broken', message: CANARY, retryable: false } }),
  });
  await rig.acme('POST', '/v1/workflows', { payload: document });
  await rig.acme('PUT', '/v1/budgets', { payload: { name: CANARY, usd: 1 } });
  await rig.acme('PUT', '/v1/retention', { payload: { workflow: FLOW, maxCount: 1000 } });
  theirs.run = await started({ ask: false });
  theirs.open = await started({ ask: true });
  await vi.waitUntil(async () => (await statusOf(theirs.run)) === 'succeeded', PATIENCE);
  await vi.waitUntil(async () => (await statusOf(theirs.open)) === 'interrupted', PATIENCE);
  const questions = (await rig.acme('GET', '/v1/interrupts')).json().items;
  theirs.question = questions[0].id;
  theirs.task = (await rig.acme('GET', `/v1/runs/${theirs.run}/tasks`)).json().items[0].id;
  theirs.letter = await deadLetter();
  theirs.dispatched = (await rig.acme('POST', '/v1/mesh/dispatch', { payload: { task: CANARY } })).json().taskId;
  await rig.acme('POST', '/v1/endpoints', { payload: { name: ENDPOINT, ...HOOK, tags: [CANARY] } });
  await rig.acme('POST', '/v1/schedules', { payload: { name: SCHEDULE, description: CANARY, ...HOURLY } });
  theirs.callback = (await rig.acme('POST', '/v1/callbacks', { payload: { url: HOOK.url, active: false } })).json().id;
  theirs.delivery = (await rig.acme('POST', `/v1/callbacks/${theirs.callback}/test`)).json().id;
  const upload = await rig.acme('POST', '/v1/artifacts?name=theirs.json', { payload: { canary: CANARY } });
  theirs.artifact = upload.json().artifact;
  theirs.mesh = await endedExecution();
  theirs.key = (await rig.make({ tenant: 'acme', name: CANARY })).id;
}, 60_000);

afterAll(() => rig?.stop());

async function started(input: object): Promise<string> {
  const run = await rig.acme('POST', '/v1/runs', { payload: { workflow: FLOW, input, tags: [CANARY] } });
  if (run.statusCode !== 201) throw new Error(run.body);
  return run.json().id;
}

/** A task that has failed for good. */
async function deadLetter(): Promise<string> {
  const broken = { name: `broken-${CANARY}`, nodes: { a: { type: 'task', uses: 'broken' } } };
  const run = await rig.acme('POST', '/v1/runs', { payload: { workflow: broken } });
  await vi.waitUntil(async () => (await statusOf(run.json().id)) === 'failed', PATIENCE);
  return (await rig.acme('GET', '/v1/dead-letters')).json().items[0].taskId;
}

/** Steps that nobody carries out here: cancelled, so that all of it is told at once. */
async function endedExecution(): Promise<string> {
  const steps = [{ id: 'a', prompt: CANARY }];
  const executing = rig.acme('POST', '/v1/mesh/execute', { payload: { steps } });
  const runs = async () => (await rig.acme('GET', '/v1/runs?workflow=mesh-execute')).json().items;
  await vi.waitUntil(async () => (await runs()).length === 1, PATIENCE);
  const [{ id }] = await runs();
  await rig.acme('POST', `/v1/runs/${id}/cancel`, { payload: {} });
  const told = await executing;
  if (!told.body.includes('workflow-completed')) throw new Error(told.body);
  return id;
}

async function statusOf(id: string): Promise<string> {
  return (await rig.acme('GET', `/v1/runs/${id}`)).json().status;
}

type Example = { body?: object; query?: string };

/** What a route takes beside its path, where it would refuse an empty body or query before it looks for anything. */
function examples(): Record<string, Example> {
  const changes = { stateUpdates: { said: 'x' } };
  return {
    'POST /v1/workflows': { body: { name: 'own', nodes: { a: { type: 'task', uses: 'echo' } } } },
    'POST /v1/workflows/validate': { body: document },
    'POST /v1/workflows/{name}/migrate': { body: { dryRun: false } },
    'POST /v1/runs': { body: { workflow: FLOW } },
    'POST /v1/runs/batch': { body: { runs: [{ workflow: FLOW }, { workflow: { name: FLOW, version: 1 } }] } },
    'POST /v1/runs/{id}/resume': { body: { answers: { [theirs.question]: 'yes' } } },
    'POST /v1/runs/{id}/state': { body: { updates: { said: 'x' } } },
    'POST /v1/runs/{id}/replay': { body: { step: 1, ...changes } },
    'POST /v1/runs/{id}/fork': { body: { step: 1, ...changes } },
    'GET /v1/runs/{id}/diff': { query: '?from=1&to=2' },
    'GET /v1/runs/{id}/compare': { query: `?other=${theirs.open}` },
    'PUT /v1/budgets': { body: { name: 'own', usd: 1 } },
    'PUT /v1/retention': { body: { workflow: FLOW, maxCount: 1 } },
    'DELETE /v1/retention': { query: `?workflow=${FLOW}` },
    'POST /v1/prune': { body: { workflow: FLOW, keep: 0 } },
    'PUT /v1/limits': { body: { key: CANARY, maxConcurrent: 1 } },
    'DELETE /v1/limits': { query: `?key=${CANARY}` },
    'POST /v1/mesh/dispatch': { body: { task: 'x' } },
    'PUT /v1/mesh/emergency': { body: { active: false } },
    // Refused by its budget: what is carried out is told for as long as it takes.
    'POST /v1/mesh/execute': { body: { steps: [{ id: 'a', prompt: 'x', estimatedCost: 2 }], budget: { usd: 1 } } },
    'POST /v1/tasks': { body: { uses: 'echo', with: 1 } },
    'POST /v1/endpoints': { body: { name: 'own', protocol: 'webhook', url: 'https://own.example/hook' } },
    'PUT /v1/endpoints/{name}': { body: HOOK },
    'PATCH /v1/endpoints/{name}': { body: { tags: [] } },
    'POST /v1/endpoints/{name}/circuit': { body: { circuit: 'open' } },
    'POST /v1/schedules': { body: { name: 'own', ...HOURLY } },
    'POST /v1/schedules/preview': { body: { spec: HOURLY.spec } },
    'PUT /v1/schedules/{name}': { body: HOURLY },
    'POST /v1/schedules/{name}/backfill': { body: { from: '2026-01-01T00:00:00Z', to: '2026-01-01T05:00:00Z' } },
    'POST /v1/artifacts': { body: { own: true }, query: '?name=own.json' },
    'POST /v1/callbacks': { body: { url: 'https://own.example/hook' } },
    'POST /v1/keys': { body: { tenant: 'acme' } },
  };
}

type Route = { method: string; path: string; hasPlace: boolean };

async function allRoutes(): Promise<Route[]> {
  const { paths } = (await printApi()) as unknown as { paths: Record<string, object> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path, hasPlace: path.includes('{') })),
  );
}

/** The path with acme's ids: each of those that it may be about. */
function urlsOf({ method, path }: Route): string[] {
  const { query = '' } = examples()[`${method} ${path}`] ?? {};
  const idsOf: Record<string, string[]> = {
    tasks: [theirs.task],
    keys: [theirs.key],
    callbacks: [path.startsWith('/v1/callbacks/deliveries/') ? theirs.delivery : theirs.callback],
    runs: [theirs.open, theirs.run],
    mesh: [theirs.mesh],
    'dead-letters': [theirs.letter],
  };
  const dispatched = path.startsWith('/v1/mesh/dispatch/') ? [theirs.dispatched] : undefined;
  const ids = dispatched ?? idsOf[path.split('/')[2] ?? ''] ?? Object.values(theirs).map(String);
  const namesOf: Record<string, string> = { runs: 'go', tenants: 'acme', endpoints: ENDPOINT, schedules: SCHEDULE };
  const names = namesOf[path.split('/')[2] ?? ''] ?? FLOW;
  return (path.includes('{id}') ? ids : ['']).map(
    (id) =>
      path
        .replace('{id}', id)
        .replace('{name}', names)
        .replace('{artifact}', theirs.artifact)
        .replaceAll(/\{\w+\}/g, '1') + query,
  );
}

async function callWith(client: Client, route: Route, url: string) {
  const { body } = examples()[`${route.method} ${route.path}`] ?? {};
  const takesBody = ['POST', 'PUT', 'PATCH'].includes(route.method);
  return client(route.method, url, takesBody ? { payload: body ?? {} } : {});
}

test('another tenant gets 404 for what is not its own, at every path that names something, and changes nothing', async () => {
  const mine = [
    `/v1/runs/${theirs.run}`,
    `/v1/runs/${theirs.open}`,
    `/v1/endpoints/${ENDPOINT}`,
    `/v1/artifacts/${theirs.artifact}`,
    `/v1/schedules/${SCHEDULE}`,
  ];
  const before = await Promise.all(mine.map((url) => rig.acme('GET', url)));
  const wrong: string[] = [];
  for (const route of await allRoutes()) {
    if (!route.hasPlace) continue;
    for (const url of urlsOf(route)) {
      const answer = await callWith(rig.globex, route, url);
      // 403: the route is the operator's, whoever's id it is.
      if (answer.statusCode === 404 || answer.statusCode === 403) continue;
      wrong.push(`${route.method} ${url}: ${answer.statusCode} ${answer.body.slice(0, 200)}`);
    }
  }
  const after = await Promise.all(mine.map((url) => rig.acme('GET', url)));

  // A 422 says that the examples above lack a body or a query for the route.
  expect(wrong).toEqual([]);
  expect(after.map((answer) => answer.body)).toEqual(before.map((answer) => answer.body));
});

test('the same paths lead somewhere for the tenant whose they are', async () => {
  const wrong: string[] = [];
  for (const route of await allRoutes()) {
    if (route.method !== 'GET' || !route.hasPlace) continue;
    const url = urlsOf(route).at(-1) ?? '';
    const answer = await callWith(rig.acme, route, url);
    if (answer.statusCode !== 200 && answer.statusCode !== 403) wrong.push(`${url}: ${answer.statusCode}`);
  }
  expect(wrong).toEqual([]);
});

test('no list and no answer without an id shows anything of another tenant', async () => {
  const wrong: string[] = [];
  for (const route of await allRoutes()) {
    if (route.hasPlace) continue;
    const [url = ''] = urlsOf(route);
    const answer = await callWith(rig.globex, route, url);
    // What is sent comes back in errors; validating gives back nothing but the graph of what was sent.
    const sent = JSON.stringify(examples()[`${route.method} ${route.path}`] ?? {});
    const shown = [theirs.run, theirs.open, theirs.task, theirs.letter, theirs.question, theirs.key].filter((id) =>
      answer.body.includes(id),
    );
    if (shown.length > 0 || (answer.body.includes(CANARY) && !sent.includes(CANARY)))
      wrong.push(`${route.method} ${url} shows ${answer.body.slice(0, 300)}`);
    if (answer.statusCode === 422) wrong.push(`${route.method} ${url} lacks an example: ${answer.body.slice(0, 300)}`);
  }
  expect(wrong).toEqual([]);
  for (const list of ['/v1/interrupts', `/v1/runs?tag=${CANARY}`, '/v1/retention'])
    expect((await rig.globex('GET', list)).json().items).toEqual([]);
  expect((await rig.acme('GET', '/v1/retention')).json().items).toHaveLength(1);
});

test('steps are carried out, and told, for nobody without a key', async () => {
  const nobody = rig.by(null);
  const answer = await nobody('POST', '/v1/mesh/execute', { payload: { steps: [{ id: 'a', prompt: 'x' }] } });
  expect(answer.statusCode).toBe(401);
  expect((await nobody('GET', `/v1/mesh/executions/${theirs.mesh}/events`)).statusCode).toBe(401);
});

test('names of another tenant mean nothing in what is started', async () => {
  const start = (body: object) => rig.globex('POST', '/v1/runs', { payload: body });
  expect((await start({ workflow: FLOW })).statusCode).toBe(404);
  expect((await start({ workflow: { name: FLOW, version: 1 } })).statusCode).toBe(404);
  const { items } = (await rig.globex('POST', '/v1/runs/batch', { payload: { runs: [{ workflow: FLOW }] } })).json();
  expect(items).toEqual([expect.objectContaining({ code: 'not_found' })]);

  const parent = { name: 'parent', nodes: { child: { type: 'subgraph', workflow: FLOW, input: {} } } };
  const run = (await start({ workflow: parent })).json();
  const status = async () => (await rig.globex('GET', `/v1/runs/${run.id}`)).json();
  await expect.poll(async () => (await status()).status, PATIENCE).toBe('failed');
  expect((await status()).error.message).toContain('there is no workflow');
});
