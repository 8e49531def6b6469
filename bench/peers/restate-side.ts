/**
 * Restate with the same shapes: its server (4 partitions, its own durable log), the handlers in another process, runs
 * started through the HTTP/2 ingress on four sessions. An end is the answer of its call. There is no bulk call: at most
 * 400 calls are under way at once.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { guard, startChild } from '../mesh/child.ts';
import { PAYLOAD } from '../mesh/side.ts';
import type { Shape, Side } from '../mesh/side.ts';
import { freePorts } from './free-ports.ts';

const WORKER = fileURLToPath(new URL('restate-worker.ts', import.meta.url));
const HANDLERS: Readonly<Record<Shape, string>> = { W1: 'chain', W2: 'fan', W3: 'single' };
const AT_ONCE: Readonly<Record<Shape, number>> = { W1: 1, W2: 400, W3: 400 };
const SESSIONS = 4;
const BODY = JSON.stringify({ payload: PAYLOAD });

export async function startRestate(): Promise<Side> {
  const [ingress = 0, admin = 0, node = 0, service = 0] = await freePorts(4);
  const folder = await mkdtemp(join(tmpdir(), 'weft-restate-'));
  const server = await startServer({ folder, ingress, admin, node });
  const worker = await startChild([WORKER, `${service}`], { env: { RESTATE_LOGGING: 'ERROR' }, nodeArgs: [] });
  await register(admin, service);
  const sessions = Array.from({ length: SESSIONS }, () => connect(`http://127.0.0.1:${ingress}`));
  return {
    name: 'Restate',
    shapes: ['W1', 'W2', 'W3'],
    pids: { server: server.pid, worker: worker.pid },
    run: (shape, runs) => run(sessions, shape, runs),
    async stop() {
      for (const session of sessions) session.destroy();
      await worker.stop();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Place = { folder: string; ingress: number; admin: number; node: number };

async function startServer({
  folder,
  ingress,
  admin,
  node,
}: Place): Promise<{ pid: number; stop: () => Promise<void> }> {
  const require = createRequire(import.meta.url);
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}`;
  const program = join(require.resolve(`${name}/package.json`), '../bin/restate-server');
  const env = {
    RESTATE_BASE_DIR: folder,
    RESTATE_BIND_IP: '127.0.0.1',
    RESTATE_LISTEN_MODE: 'tcp',
    RESTATE_BIND_PORT: `${node}`,
    RESTATE_INGRESS__BIND_PORT: `${ingress}`,
    RESTATE_ADMIN__BIND_PORT: `${admin}`,
    RESTATE_DEFAULT_NUM_PARTITIONS: '4',
    RESTATE_DISABLE_TELEMETRY: 'true',
    RESTATE_LOG_FILTER: 'off',
  };
  const child = spawn(program, ['--no-logo'], { env: { ...process.env, ...env }, stdio: 'ignore' });
  const { stop } = guard(child);
  await answers(`http://127.0.0.1:${admin}/health`);
  return { pid: child.pid ?? 0, stop };
}

async function answers(url: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok) return;
    if (performance.now() > deadline) throw new Error(`${url} does not answer`);
    await delay(100);
  }
}

async function register(admin: number, service: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${admin}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri: `http://127.0.0.1:${service}` }),
  });
  if (!response.ok) throw new Error(`Restate refuses the handlers: ${await response.text()}`);
}

async function run(sessions: readonly ClientHttp2Session[], shape: Shape, runs: number): Promise<number[]> {
  const took: number[] = [];
  let left = runs;
  const caller = async (_: unknown, n: number): Promise<void> => {
    const session = sessions[n % sessions.length] as ClientHttp2Session;
    while (left-- > 0) {
      const startedAt = performance.now();
      await call(session, HANDLERS[shape]);
      took.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE[shape] }, caller));
  return shape === 'W1' ? took : [];
}

function call(session: ClientHttp2Session, handler: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const headers = { ':method': 'POST', ':path': `/bench/${handler}`, 'content-type': 'application/json' };
  const stream = session.request(headers);
  let status = 0;
  stream.on('response', (answer) => (status = answer[':status'] ?? 0));
  stream.on('end', () => (status === 200 ? resolve() : reject(new Error(`Restate answers ${status}`))));
  stream.on('error', reject);
  stream.resume();
  stream.end(BODY);
  return promise;
}
