/** The registry of endpoints in a mesh: all processes know it, one asks after health, and keys change while it runs. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { testRedisUrl } from '@weft/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openMesh } from '../use-mesh.ts';

const SOON = { timeout: 30_000, interval: 50 };
const FIRST = { WEFT_ENCRYPTION_KEY: 'ab'.repeat(32) };
const SECOND = { WEFT_ENCRYPTION_KEY: 'cd'.repeat(32), WEFT_ENCRYPTION_KEYS_OLD: 'ab'.repeat(32) };
const TOKEN = 'sk-canary-of-the-mesh';

/** An agent that answers whoever has the token, and says in `state.status` how it is. */
async function startAgent() {
  const state = { status: 200, probes: 0, refused: 0 };
  const server = createServer((request, answer) => {
    if (request.method === 'GET') {
      state.probes += 1;
      answer.writeHead(state.status).end();
      return;
    }
    void text(request).then(() => {
      const isKnown = request.headers.authorization === `Bearer ${TOKEN}`;
      if (!isKnown) state.refused += 1;
      answer.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
      answer.end(JSON.stringify({ response: 'done' }));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return { state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
}

describe.skipIf(testRedisUrl() === null)('endpoints', () => {
  test('all hear of an endpoint and of its health, also when the one that asked dies, and calls go on while keys change', async () => {
    const mesh = await openMesh();
    const agent = await startAgent();
    const by = mesh.by(FIRST);
    const [first, other, oldWorker] = await Promise.all([by.producer(), by.producer(), by.worker()]);
    const endpoint = { protocol: 'webhook' as const, url: agent.url, token: TOKEN, tags: ['agent'] };
    await first.client.endpoints.create({ name: 'agent', ...endpoint, health: { everyMs: 1000 } });
    const seen = () => other.client.endpoints.get('agent').then(({ status }) => status);
    await expect.poll(() => seen().catch(() => 'unknown'), SOON).toBe('active');
    const workflow = { name: 'asking', nodes: { ask: { type: 'task' as const, prompt: 'Hello', tags: ['agent'] } } };
    const outputOf = async () => {
      const { id } = await other.client.runs.start({ workflow });
      const run = () => other.client.runs.get(id);
      await expect.poll(async () => (await run()).endedAt, SOON).not.toBeNull();
      return (await run()).output;
    };
    expect(await outputOf()).toBe('done');

    agent.state.status = 503;
    await expect.poll(seen, SOON).toBe('dead');
    await first.kill();
    agent.state.status = 200;
    await expect.poll(seen, SOON).toBe('active');

    // A producer with another key encrypts the token anew; whoever has that key, too, can call.
    const renewed = await mesh.by(SECOND).producer();
    expect(renewed.log()).toContain('are encrypted with the present key now');
    await oldWorker.stop();
    const newWorker = await mesh.by({ WEFT_ENCRYPTION_KEY: SECOND.WEFT_ENCRYPTION_KEY }).worker();
    expect(await outputOf()).toBe('done');
    expect(agent.state.refused).toBe(0);
    for (const { log } of [first, other, oldWorker, renewed, newWorker]) expect(log()).not.toContain('canary');
  });
});
