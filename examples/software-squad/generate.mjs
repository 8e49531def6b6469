/**
 * Feeds the squad at a chosen rate, and counts until everything is finished.
 *
 *   node generate.mjs [--rate 20] [--seconds 10] [--effort 50] [--single] [--wait 60] [--url URL] [--token TOKEN]
 *
 * Submits `rate` features a second for `seconds`, at most 20,000; with --single tasks for one role each. `effort` is how
 * many milliseconds each role ponders, `wait` how many seconds all may take after the last submission. Ends with 1 if
 * anything is missing or has failed. A submission has an Idempotency-Key, so that it can be sent again when its answer is lost.
 */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { createClient } from './client.mjs';
import { featureRun, singleTask, TAG } from './features.mjs';

const MOST = 20_000;
const IN_FLIGHT = 100;
const TRIES = 6;

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '10' },
    effort: { type: 'string', default: '50' },
    wait: { type: 'string', default: '60' },
    single: { type: 'boolean', default: false },
    url: { type: 'string', default: 'http://127.0.0.1:4400' },
    token: { type: 'string' },
  },
});
const rate = bounded('rate', 1, 1000);
const total = Math.min(Math.round(rate * bounded('seconds', 1, 600)), MOST);
const effortMs = bounded('effort', 0, 60_000);
const waitMs = bounded('wait', 1, 3600) * 1000;

const client = createClient(values);
const session = randomUUID();
const runs = new Set();
const refusals = new Set();
// Clocks may differ a little; what other sessions submit is left out by its ids.
const createdAfter = new Date(Date.now() - 60_000).toISOString();

function bounded(name, least, most) {
  const number = Number(values[name]);
  if (Number.isFinite(number) && number >= least && number <= most) return number;
  process.stderr.write(`--${name} is a number from ${least} to ${most}\n`);
  return process.exit(2);
}

const withStatus = (...statuses) => client.withStatus(statuses, { runs, tag: TAG, createdAfter });

async function submit(n) {
  const { path, body } = (values.single ? singleTask : featureRun)(n, effortMs);
  const headers = { 'idempotency-key': `${session}-${n}` };
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    try {
      const answer = await client.call(path, { body, headers });
      runs.add(answer.runId ?? answer.id);
      return;
    } catch (error) {
      if (error.isFinal || attempt === TRIES) return void refusals.add(error.message);
      await pause(Math.max(error.pauseMs ?? 0, 100 * 2 ** attempt));
    }
  }
}

/** Keeps the rate whatever the answers take, as long as not too many of them are awaited. */
async function feed(startedAt) {
  const inFlight = new Set();
  for (let n = 0; n < total; n += 1) {
    await pause(Math.max(0, startedAt + (n * 1000) / rate - performance.now()));
    if (inFlight.size >= IN_FLIGHT) await Promise.race(inFlight);
    const one = submit(n).finally(() => inFlight.delete(one));
    inFlight.add(one);
  }
  await Promise.all(inFlight);
}

/** Says each second how far it is, until all is finished or the wait is over. */
async function watch(startedAt, feeding) {
  let fedAt = Number.POSITIVE_INFINITY;
  void feeding.then(() => (fedAt = performance.now()));
  while (performance.now() < fedAt + waitMs) {
    const isFed = fedAt < Number.POSITIVE_INFINITY;
    const submitted = runs.size;
    const open = await withStatus('pending', 'running');
    const at = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(6);
    process.stdout.write(`${at}s  submitted ${submitted}  finished ${Math.max(0, submitted - open.size)}\n`);
    if (isFed && open.size === 0) return;
    await pause(1000);
  }
}

async function main() {
  const workflow = await readFile(new URL('workflow.yaml', import.meta.url), 'utf8');
  if (!values.single) await client.call('/v1/workflows', { body: workflow, type: 'application/yaml' });
  const startedAt = performance.now();
  const feeding = feed(startedAt);
  await watch(startedAt, feeding);
  const open = await withStatus('pending', 'running');
  const failed = await withStatus('failed', 'cancelled');
  const finished = runs.size - open.size;
  process.stdout.write(`submitted ${runs.size} of ${total}, finished ${finished}, failed ${failed.size}\n`);
  for (const message of refusals) process.stderr.write(`not submitted: ${message}\n`);
  if (finished < total || failed.size > 0) process.exitCode = 1;
}

main().catch((error) => {
  process.stderr.write(`${error.message}${error.cause ? `: ${error.cause.message}` : ''}\n`);
  process.exitCode = 1;
});
