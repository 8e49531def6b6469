import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createMemoryReplyStore } from '@weft/embedded';
import { expect, onTestFinished, test } from 'vitest';

import { endpoint } from './executor/rig.ts';
import { createProtocolProber, createProtocols } from '../src/index.ts';

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}

const never = new AbortController().signal;
const log = { debug() {}, info() {}, warn() {}, error() {} };
const prober = createProtocolProber(createProtocols({ replies: createMemoryReplyStore(), log }));
const probe = (url: string, signal = never) => prober.probe(endpoint('hook', { url }), url, signal);

test.each([
  [200, true],
  [204, true],
  [302, true],
  [401, true],
  [405, true],
  [500, false],
  [503, false],
])('an answer of %s means: there, %s; a redirect is not followed', async (status, isHealthy) => {
  const asked: string[] = [];
  const url = await serve((request, answer) => {
    asked.push(`${request.method} ${request.url}`);
    answer.writeHead(status, { location: '/elsewhere' }).end();
  });
  expect(await probe(url)).toEqual({ isHealthy, detail: `GET ${url} answered ${status}` });
  expect(asked).toEqual(['GET /hook']);
});

test('a body without end is not waited for', async () => {
  const url = await serve((_, answer) => void answer.writeHead(200).write('x'));
  expect(await probe(url)).toEqual({ isHealthy: true, detail: `GET ${url} answered 200` });
});

test('where nobody listens, or nobody answers in time, it is not there', async () => {
  expect(await probe('http://127.0.0.1:1/x')).toMatchObject({ isHealthy: false });
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const url = await serve(() => resolve());
  const timeout = new AbortController();
  const answer = probe(url, timeout.signal);
  await asked;
  timeout.abort();
  expect(await answer).toEqual({ isHealthy: false, detail: 'no answer in time' });
});
