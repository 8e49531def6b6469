/**
 * The trial of the stack, in one command: builds the image, brings the compose file up as a project of its own, runs the
 * hello workflow, floods the stack (`weft stress`) while parts of it are killed, and shows that nothing was lost or
 * doubled. Takes everything down again, also when it fails.
 *
 *     node scripts/stack.mjs [--tasks 3000] [--task-ms 500] [--clients 20] [--workers 3] [--every-ms 5000]
 *                            [--faults producer,worker,flush,postgres] [--stand-ins FILE] [--no-build] [--keep]
 *
 * With a Docker engine it uses that, else podman and podman-compose. `--stand-ins` (or WEFT_STAND_INS) names a script that
 * brings podman and the base images where there is no registry; it is called with the tags of Node, Postgres and Redis.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { createApi } from './stack/api.mjs';
import { findEngine } from './stack/engine.mjs';
import { FAULTS, strike } from './stack/faults.mjs';
import { reportLine, startStress } from './stack/stress.mjs';

const READY_TIMEOUT_MS = 180_000;
const PATIENCE_MS = 90_000;
const STOP_GRACE_SECONDS = 40;
/** The whole trial, building aside. */
const TRIAL_TIMEOUT_MS = 900_000;
const POLL_MS = 500;
/** Few slots, so that the work outlasts the faults. */
const TRIAL = { WORKER_CONCURRENCY: '16' };
const SERVICES = ['postgres', 'redis', 'producer', 'worker'];

const startedAt = Date.now();

function say(text) {
  console.log(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)}s  ${text}`);
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      tasks: { type: 'string', default: '3000' },
      'task-ms': { type: 'string', default: '500' },
      'every-ms': { type: 'string', default: '5000' },
      clients: { type: 'string', default: '20' },
      workers: { type: 'string', default: '3' },
      faults: { type: 'string', default: 'producer,worker,flush,postgres' },
      'stand-ins': { type: 'string' },
      'no-build': { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  });
  const faults = values.faults.split(',').filter((name) => name !== '');
  const unknown = faults.find((name) => !Object.hasOwn(FAULTS, name));
  if (unknown !== undefined)
    throw new Error(`there is no fault "${unknown}"; there are ${Object.keys(FAULTS).join(', ')}`);
  const numbers = ['tasks', 'task-ms', 'every-ms', 'clients', 'workers'].map((name) => Number(values[name]));
  const [tasks, taskMs, everyMs, clients, workers] = numbers;
  const standIns = values['stand-ins'] ?? process.env.WEFT_STAND_INS;
  return { tasks, taskMs, everyMs, clients, workers, faults, standIns, build: !values['no-build'], keep: values.keep };
}

/** Secrets of `.env` if it is there, since compose reads it too, else fresh ones. */
function secrets() {
  const file = new URL('../.env', import.meta.url);
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const known = Object.fromEntries(lines.filter((line) => /^\w+=/.test(line)).map((line) => line.split(/=(.*)/s, 2)));
  const fresh = () => randomBytes(24).toString('hex');
  return { POSTGRES_PASSWORD: known.POSTGRES_PASSWORD ?? fresh(), WEFT_TOKEN: known.WEFT_TOKEN ?? fresh() };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

async function until(what, timeoutMs, check) {
  const endAt = Date.now() + timeoutMs;
  for (;;) {
    const reached = await check().catch(() => false);
    if (reached) return;
    if (Date.now() > endAt) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await delay(POLL_MS);
  }
}

async function untilReady(api, workers) {
  await until('the producer is ready', READY_TIMEOUT_MS, () => api.request('GET', '/readyz'));
  await until(`${workers} workers are there`, READY_TIMEOUT_MS, async () => {
    const { items } = await api.request('GET', '/v1/workers?limit=100');
    return items.filter(({ status }) => status === 'active').length >= workers;
  });
}

async function sayHello(api) {
  const document = readFileSync(new URL('../examples/hello/workflow.yaml', import.meta.url), 'utf8');
  await api.request('POST', '/v1/workflows', { body: document, headers: { 'content-type': 'application/yaml' } });
  const run = await api.request('POST', '/v1/runs?wait=30s', { body: { workflow: 'hello', input: { name: 'Grace' } } });
  if (run.output?.said !== 'HELLO, GRACE!') throw new Error(`hello ended with ${JSON.stringify(run)}`);
  say(`hello ${run.status}: ${run.output.said}`);
}

/** Every worker must end by itself, with status 0, within its grace. */
async function stopWorkers(engine) {
  const ids = await engine.containers('worker');
  const stoppedAt = Date.now();
  const statuses = await Promise.all(ids.map((id) => engine.stop(id, STOP_GRACE_SECONDS)));
  const tookS = ((Date.now() - stoppedAt) / 1000).toFixed(1);
  say(`${ids.length} workers told to stop: exit statuses ${statuses.join(', ')} after ${tookS} s`);
  return statuses.filter((status) => status !== 0).length;
}

async function verify(engine) {
  const [producer] = await engine.containers('producer');
  const doctor = ['weft', 'doctor', '--only=invariants,schema,indexes,lost offers'];
  const { stdout, code } = await engine.exec(producer, ...doctor).then(
    (done) => ({ ...done, code: 0 }),
    (error) => error,
  );
  say(stdout.trim());
  return code === 0;
}

/** The figures of an undisturbed stack: 500 tasks that do nothing. */
async function measure(engine, { token, clients }) {
  const { report } = startStress(engine, { token, args: ['--tasks=500', `--clients=${clients}`] });
  const figures = await report;
  say(`undisturbed: ${reportLine(figures)}`);
  return figures;
}

async function disturb(engine, { token, tasks, taskMs, everyMs, clients, faults }) {
  const args = [`--tasks=${tasks}`, `--clients=${clients}`, '--uses=sleep', `--with={"ms":${taskMs}}`];
  const flood = startStress(engine, { token, args });
  await strike(engine, faults, { everyMs, flood, say });
  const figures = await flood.report;
  for (const problem of figures.problems) say(problem);
  say(`disturbed: ${reportLine(figures)}`);
  return figures;
}

async function trial(engine, api, options) {
  const { workers, faults } = options;
  await untilReady(api, workers);
  say(`ready: ${engine.name}, 1 producer, ${workers} workers`);
  await sayHello(api);
  const floods = [await measure(engine, options), await disturb(engine, options)];
  const sound = await verify(engine);
  const unclean = await stopWorkers(engine);
  const sum = (name) => floods.reduce((total, figures) => total + figures[name], 0);
  const counts = ['accepted', 'refused', 'lost', 'doubled'].map((name) => `${name} ${sum(name)}`);
  say(`stack: ${counts.join('  ')}  faults ${faults.join(',') || 'none'}`);
  return sum('refused') + sum('lost') + sum('doubled') + unclean === 0 && sound;
}

async function showLogs(engine) {
  for (const service of SERVICES) {
    for (const id of await engine.containers(service)) {
      console.error(`--- ${service} ${id}\n${await engine.logs(id, 15)}`);
    }
  }
}

async function main() {
  const options = readOptions();
  const port = await freePort();
  const env = { ...secrets(), WORKERS: String(options.workers), ...TRIAL, WEFT_PUBLISHED_PORT: port };
  const engine = await findEngine({ project: 'weft-trial', env, standIns: options.standIns });
  if (options.build) await engine.build();
  const api = createApi({ url: `http://127.0.0.1:${port}`, token: env.WEFT_TOKEN, patienceMs: PATIENCE_MS });
  const interrupted = new Promise((_resolve, reject) => {
    const give = (reason) => () => reject(new Error(reason));
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, give(`ended by ${signal}`));
    setTimeout(give('the trial takes too long'), TRIAL_TIMEOUT_MS).unref();
  });
  interrupted.catch(() => {});
  try {
    await engine.compose('down', '-v').catch(() => {});
    const passed = await Promise.race([
      engine.compose('up', '-d').then(() => trial(engine, api, { ...options, token: env.WEFT_TOKEN })),
      interrupted,
    ]);
    process.exitCode = passed ? 0 : 1;
    if (!passed) await showLogs(engine);
  } catch (error) {
    console.error(`weft: ${error.stderr ?? ''}${error.message}`);
    await showLogs(engine).catch(() => {});
    process.exitCode = 1;
  } finally {
    if (!options.keep) await engine.compose('down', '-v');
  }
  process.exit();
}

await main();
