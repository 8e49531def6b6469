import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { ASKING, FRAGILE } from '../../apps/dashboard/test/browser/workflows.ts';
import { call } from '../../test/e2e/dev-process.ts';

type Started = { id: string; status: string };

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');
const FEATURES = [
  { title: 'slugs', steps: ['unaccent', 'lower', 'hyphenate'], examples: [['Crème Brûlée', 'creme-brulee']] },
  { title: 'shouting', steps: ['trim', 'upper'], examples: [[' ok ', 'OK']] },
  { title: 'kebab case', steps: ['lower', 'hyphenate'], examples: [['One Two  Three', 'one-two-three']] },
];
/** Long enough for all pictures of both themes. */
const LONG_MS = 60_000;

/** Has a stack do something of everything; gives the views to look at, and where they are. */
export async function fillStage(url: string) {
  const yaml = async (example: string) => readFile(join(EXAMPLES, example, 'workflow.yaml'), 'utf8');
  const post = async <T>(path: string, body: unknown) => call<T>(url, path, body);
  for (const example of ['repo-report', 'software-squad']) await send(url, '/v1/workflows', await yaml(example));
  for (const workflow of [ASKING, FRAGILE]) await post('/v1/workflows', workflow);
  const done = await post<Started>('/v1/runs?wait=20s', { workflow: 'repo-report', input: {} });
  const failed = await post<Started>('/v1/runs?wait=20s', {
    workflow: 'fragile',
    input: { path: 'orders-of-today.json' },
  });
  for (const what of ['a desk', 'four chairs']) await post('/v1/runs', { workflow: 'asking', input: { what } });
  for (let n = 0; n < 12; n += 1) await post('/v1/runs', feature(n, 20));
  await settled(url);
  for (let n = 12; n < 40; n += 1) await post('/v1/runs', feature(n, LONG_MS));
  await endpoints(url);
  await schedules(url);
  return {
    now: '/',
    runs: '/runs',
    'run-graph': `/runs/${done.id}`,
    'run-timeline': `/runs/${done.id}?tab=timeline`,
    'run-state': `/runs/${failed.id}?tab=state&step=2`,
    'run-io': `/runs/${failed.id}?tab=io`,
    'run-calls': `/runs/${failed.id}?tab=calls`,
    'run-events': `/runs/${done.id}?tab=events`,
    'run-failed': `/runs/${failed.id}`,
    compare: `/compare?a=${done.id}&b=${failed.id}`,
    workflows: '/workflows',
    workflow: '/workflows/software-squad',
    'workflow-run': '/workflows/software-squad?tab=run',
    workers: '/workers',
    lanes: '/lanes',
    'dead-letters': '/lanes?tab=dead',
    endpoints: '/endpoints',
    schedules: '/schedules',
    approvals: '/approvals',
    cost: '/cost',
    squad: '/squad',
  };
}

/** The nth feature for the squad. */
function feature(n: number, effortMs: number) {
  const { title, ...what } = FEATURES[n % FEATURES.length] ?? { title: '' };
  const input = { ...what, title: `${title} ${n + 1}`, effortMs };
  return { workflow: 'software-squad', input, tags: ['software-squad'] };
}

async function send(url: string, path: string, text: string): Promise<void> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    body: text,
    headers: { 'content-type': 'application/yaml' },
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

/** Until nothing of the squad goes on. */
async function settled(url: string): Promise<void> {
  for (let tries = 0; tries < 150; tries += 1) {
    const { items } = await call<{ items: unknown[] }>(url, '/v1/runs?workflow=software-squad&status=running');
    if (items.length === 0) return;
    await pause(200);
  }
  throw new Error('the squad has not finished');
}

async function endpoints(url: string): Promise<void> {
  const model = { protocol: 'openai_chat', tags: ['chat'], maxConcurrent: 4 };
  await call(url, '/v1/endpoints', {
    ...model,
    name: 'small',
    url: 'http://127.0.0.1:1/v1',
    model: 'small-model',
    price: { inputPerMTok: 0.2, outputPerMTok: 0.8 },
    limits: { requestsPerMinute: 600 },
  });
  await call(url, '/v1/endpoints', {
    ...model,
    name: 'large',
    url: 'http://127.0.0.1:2/v1',
    model: 'large-model',
    price: { inputPerMTok: 3, outputPerMTok: 15 },
  });
  await call(url, '/v1/endpoints', {
    name: 'reviewer',
    protocol: 'webhook',
    url: 'http://127.0.0.1:3/review',
    tags: [],
  });
}

async function schedules(url: string): Promise<void> {
  const workflow = 'repo-report';
  await call(url, '/v1/schedules', {
    name: 'nightly',
    workflow,
    spec: { cron: '30 2 * * *', timeZone: 'Europe/Berlin' },
  });
  await call(url, '/v1/schedules', { name: 'each-hour', workflow, spec: { cron: '@hourly' } });
  await call(url, '/v1/schedules/each-hour/pause', {});
}
