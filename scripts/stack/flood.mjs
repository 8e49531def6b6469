/** Floods a stack with runs from several clients at once, and reads back what became of each of them. */
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 500;
/** Every so many submissions one is sent twice under its key. */
const REPEAT_EVERY = 10;

const WORKFLOW = {
  name: 'stack-flood',
  input: { type: 'object', required: ['n'] },
  nodes: {
    rest: { type: 'task', uses: 'sleep', with: { ms: 20 } },
    left: { type: 'task', uses: 'echo', with: '${input.n}', needs: ['rest'] },
    right: { type: 'task', uses: 'echo', with: '${input.n}', needs: ['rest'] },
    both: { type: 'task', uses: 'echo', with: ['${left}', '${right}'], needs: ['left', 'right'] },
  },
  // A crashed attempt costs one: enough for every fault of the trial.
  defaults: { retry: { maxAttempts: 10, onCrash: 'retry' } },
  output: '${both}',
};

/**
 * Submits `runs` runs from `clients` clients and returns the accepted id of each. `onProgress` hears how many were
 * accepted so far.
 */
export async function flood(api, { runs, clients, onProgress }) {
  await api.request('POST', '/v1/workflows', { body: WORKFLOW });
  const ids = [];
  let next = 0;
  let accepted = 0;
  let doubled = 0;
  const trial = Date.now().toString(36);
  const submit = (n) =>
    api.request('POST', '/v1/runs', {
      body: { workflow: WORKFLOW.name, input: { n } },
      headers: { 'idempotency-key': `stack-${trial}-${n}` },
    });
  const client = async () => {
    while (next < runs) {
      const n = next++;
      ids[n] = (await submit(n)).id;
      if (n % REPEAT_EVERY === 0 && (await submit(n)).id !== ids[n]) doubled += 1;
      accepted += 1;
      onProgress(accepted);
    }
  };
  const startedAt = Date.now();
  await Promise.all(Array.from({ length: clients }, client));
  return { ids, doubled, tookMs: Date.now() - startedAt };
}

/** Reads every run until it has ended or `timeoutMs` is over, and says of each that did not end well why. */
export async function readBack(api, ids, { clients, timeoutMs }) {
  const endAt = Date.now() + timeoutMs;
  const problems = [];
  let next = 0;
  const reader = async () => {
    while (next < ids.length) {
      const n = next++;
      const problem = problemOf(await ended(api, ids[n], endAt), n);
      if (problem !== null) problems.push(`${ids[n]}: ${problem}`);
    }
  };
  await Promise.all(Array.from({ length: clients }, reader));
  return problems;
}

/** How many runs of the flood the stack knows of. */
export async function countRuns(api) {
  const known = new Set();
  let cursor = '';
  do {
    const query = `workflow=${WORKFLOW.name}&limit=100${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const page = await api.request('GET', `/v1/runs?${query}`);
    for (const { id } of page.items) known.add(id);
    cursor = page.nextCursor ?? '';
  } while (cursor !== '');
  return known.size;
}

async function ended(api, id, endAt) {
  for (;;) {
    const run = await api.request('GET', `/v1/runs/${id}`);
    if (run.endedAt !== null || Date.now() > endAt) return run;
    await delay(POLL_MS);
  }
}

function problemOf(run, n) {
  if (run.status !== 'succeeded') return `${run.status}${run.error ? `: ${run.error.message}` : ''}`;
  const wanted = JSON.stringify([n, n]);
  return JSON.stringify(run.output) === wanted ? null : `output ${JSON.stringify(run.output)} instead of ${wanted}`;
}
