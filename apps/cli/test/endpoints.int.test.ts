/** Endpoints from the command line, on the real stack. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Endpoint } from '@weft/contract';
import { createTestDatabase, type TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startDev, type DevStack } from '../src/stack/start-dev.ts';
import { type CliResult, weft as weftHere } from './fake-terminal.ts';

const CANARY = 'sk-canary-of-the-token';
const SOON = { timeout: 20_000, interval: 50 };

let folder: string;
let file: string;
let database: TestDatabase;
let stack: DevStack;
let server: Server;
let origin: string;
let status = 200;
const said: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-endpoints-'));
  file = join(folder, 'endpoints.yaml');
  await writeFile(file, '# none yet\n');
  await writeFile(join(folder, 'token'), `${CANARY}\n`);
  database = await createTestDatabase();
  server = createServer((_, answer) => answer.writeHead(status).end());
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stack = await start();
}, 60_000);

afterAll(async () => {
  await stack?.stop();
  const log = await readFile(join(folder, 'weft.log'), 'utf8');
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await database.drop();
  await rm(folder, { recursive: true });
  expect([log, ...said].filter((text) => text.includes('canary'))).toEqual([]);
}, 60_000);

function start(env: Record<string, string> = {}): Promise<DevStack> {
  const options = { dataDir: folder, databaseUrl: database.url, handlersFile: null, log: 'file' as const, env };
  return startDev({ host: '127.0.0.1', port: 0, endpointsFile: file, ...options });
}

async function weft(...args: string[]): Promise<CliResult> {
  const result = await weftHere(args, { env: { WEFT_URL: stack.url } });
  said.push(result.out, result.err);
  return result;
}

async function shown(name: string): Promise<Endpoint> {
  return JSON.parse((await weft('endpoints', 'show', name, '--json')).out);
}

async function names(): Promise<string[]> {
  const { items } = JSON.parse((await weft('endpoints', '--json')).out) as { items: Endpoint[] };
  return items.map(({ name }) => name);
}

test('an endpoint is added, shown, changed, drained and removed', async () => {
  expect(await weft('endpoints')).toMatchObject({ code: 0, err: 'no endpoints\n' });
  const prices = ['--price-in', '0.15', '--price-out', '0.6', '--rpm', '60', '--option', 'temperature=0'];
  const labels = ['--model', 'large', '--tag', 'coder', '--tag', 'fast', '--specialty', 'review', '--no-health'];
  const token = ['--token-file', join(folder, 'token'), '--max-concurrent', '4'];
  const url = `${origin}/v1`;
  const added = await weft(
    'endpoints',
    'add',
    'writer',
    url,
    '--protocol',
    'openai_chat',
    ...prices,
    ...labels,
    ...token,
  );
  expect(added).toEqual({ code: 0, out: '', err: `the endpoint writer (openai_chat, ${url}) is registered\n` });
  expect(await shown('writer')).toMatchObject({
    price: { inputPerMTok: 0.15, outputPerMTok: 0.6 },
    limits: { requestsPerMinute: 60 },
    health: { enabled: false },
    options: { temperature: 0 },
    tags: ['coder', 'fast'],
    maxConcurrent: 4,
    hasToken: true,
  });

  await weft('endpoints', 'update', 'writer', '--price-in', '0.2', '--unset', 'specialties,maxConcurrent');
  expect(await shown('writer')).toMatchObject({
    price: { inputPerMTok: 0.2, outputPerMTok: 0.6 },
    specialties: [],
    maxConcurrent: 1,
    hasToken: true,
  });
  await weft('endpoints', 'update', 'writer', `${url}/chat`);
  expect(await shown('writer')).toMatchObject({ url: `${url}/chat`, model: 'large', hasToken: true });
  const text = (await weft('endpoints', 'show', 'writer')).out;
  expect(text).toMatch(/^price +0\.2 USD \/ 1M tokens in, 0\.6 USD \/ 1M tokens out$/m);
  expect(text).toMatch(/^token +set$/m);
  expect((await weft('endpoints', 'list', '--tag', 'coder')).out).toMatch(/^writer +openai_chat +active +0\/1 /m);

  expect((await weft('endpoints', 'drain', 'writer')).err).toContain('gets nothing new; 0 calls are under way');
  expect(await shown('writer')).toMatchObject({ status: 'draining' });
  await weft('endpoints', 'undrain', 'writer');
  expect(await shown('writer')).toMatchObject({ status: 'active' });
  expect((await weft('endpoints', 'rm', 'writer')).err).toContain('is removed');
  expect(await weft('endpoints', 'show', 'writer')).toMatchObject({ code: 3 });
});

test('what cannot be is refused with the reason and a status of its own', async () => {
  const add = (...args: string[]) => weft('endpoints', 'add', 'x', ...args);
  expect(await add('http://a.example', '--protocol', 'webhook')).toMatchObject({
    code: 7,
    err: expect.stringContaining('explicit path'),
  });
  expect(await add('http://a.example/x', '--protocol', 'smtp')).toMatchObject({ code: 2 });
  expect(await add('http://a.example/x')).toMatchObject({ code: 2, err: expect.stringContaining('--protocol') });
  const both = ['--secret', 'A', '--token-file', join(folder, 'token')];
  expect(await add('http://a.example/x', '--protocol', 'webhook', ...both)).toMatchObject({ code: 2 });
  expect(await add('http://a.example/x', '--protocol', 'webhook', '--token-file', '/nowhere')).toMatchObject({
    code: 3,
  });
  const chat = ['http://a.example/v1', '--protocol', 'openai_chat', '--model', 'large'];
  const misspelt = await add(...chat, '--option', 'temprature=0');
  expect(misspelt).toMatchObject({ code: 7, err: expect.stringContaining('/options') });
  const wild = await add('mqtt://broker.example/a/%23', '--protocol', 'mqtt');
  expect(wild).toMatchObject({ code: 7, err: expect.stringContaining('wildcards') });
  await add('http://a.example/x', '--protocol', 'webhook', '--no-health');
  expect(await add('http://a.example/x', '--protocol', 'webhook')).toMatchObject({ code: 5 });
  expect(await weft('endpoints', 'update', 'x')).toMatchObject({ code: 2 });
  expect(await weft('endpoints', 'update', 'x', '--unset', 'url')).toMatchObject({ code: 2 });
  expect(await weft('endpoints', 'circuit', 'x', 'half')).toMatchObject({ code: 2 });
  await weft('endpoints', 'rm', 'x');
});

test('the registry follows its file: what stands there is there, what goes is gone, and a bad file changes nothing', async () => {
  await weft('endpoints', 'add', 'own', `${origin}/own`, '--protocol', 'webhook', '--no-health');
  await weft('endpoints', 'add', 'both', `${origin}/old`, '--protocol', 'webhook', '--no-health');
  const entry = (name: string, path: string, rest = '') =>
    `- { name: ${name}, protocol: webhook, url: "${origin}/${path}", health: { enabled: false }${rest} }\n`;
  await writeFile(file, entry('both', 'new') + entry('kept', 'a', `, token: ${CANARY}`) + entry('left', 'b'));
  await expect.poll(names, SOON).toEqual(['both', 'kept', 'left', 'own']);
  expect(await shown('both')).toMatchObject({ url: `${origin}/new`, source: 'file' });
  expect(await shown('kept')).toMatchObject({ source: 'file', hasToken: true });
  expect(await weft('endpoints', 'rm', 'kept')).toMatchObject({
    code: 5,
    err: expect.stringContaining('the file of endpoints'),
  });
  expect(await weft('endpoints', 'update', 'kept', '--tag', 'x')).toMatchObject({ code: 5 });
  expect(await weft('endpoints', 'drain', 'kept')).toMatchObject({ code: 0 });

  await writeFile(
    file,
    `${entry('kept', 'a')}${entry('kept', 'c')}- { name: bad, token: ${CANARY}, protocol: a2a, url: 1 }\n`,
  );
  const log = () => readFile(join(folder, 'weft.log'), 'utf8');
  await expect.poll(log, SOON).toContain(`${file}:3:62: /2/url: expected string, but found a number`);
  await writeFile(file, entry('kept', 'a') + entry('kept', 'c'));
  await expect.poll(log, SOON).toContain(`${file}:2:5: /1/name: there are two endpoints`);
  expect(await names()).toEqual(['both', 'kept', 'left', 'own']);

  await writeFile(file, entry('kept', 'changed', `, token: ${CANARY}`));
  await expect.poll(names, SOON).toEqual(['kept', 'own']);
  expect(await shown('kept')).toMatchObject({ url: `${origin}/changed`, status: 'draining' });
  await writeFile(file, '[]');
  await expect.poll(names, SOON).toEqual(['own']);
  await weft('endpoints', 'rm', 'own');
});

test('an endpoint that fails its health check three times in a row is dead, until it answers once', async () => {
  status = 503;
  await weft('endpoints', 'add', 'pulse', `${origin}/pulse`, '--protocol', 'webhook', '--health-every', '1s');
  await expect.poll(async () => (await shown('pulse')).problem, SOON).toContain('503');
  await expect.poll(async () => (await shown('pulse')).status, SOON).toBe('dead');
  status = 404;
  await expect.poll(async () => (await shown('pulse')).status, SOON).toBe('active');
  expect(await shown('pulse')).toMatchObject({ problem: null });
  status = 200;
  await weft('endpoints', 'rm', 'pulse');
});

test('the key lies in the data folder, for nobody else to read; the doctor names tokens that no key at hand opens', async () => {
  const keyFile = join(folder, 'secret.key');
  expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
  const withToken = ['--protocol', 'webhook', '--no-health', '--token-file', join(folder, 'token')];
  await weft('endpoints', 'add', 'safe', `${origin}/x`, ...withToken);
  const doctor = async (env: Record<string, string>, dataDir: string) => {
    const args = ['doctor', '--only', 'endpoint tokens', '--data-dir', dataDir];
    const result = await weftHere(args, { env: { DATABASE_URL: database.url, ...env } });
    said.push(result.out, result.err);
    return result;
  };
  expect(await doctor({}, folder)).toMatchObject({ code: 0, out: expect.stringContaining('all 1 encrypted tokens') });
  expect(await doctor({}, '/nowhere')).toMatchObject({
    code: 0,
    out: expect.stringContaining('no key is at hand here'),
  });
  const other = { WEFT_ENCRYPTION_KEY: 'ab'.repeat(32) };
  expect(await doctor(other, '/nowhere')).toMatchObject({
    code: 1,
    out: expect.stringMatching(/^error endpoint tokens: 1 tokens[^]*default\/safe, under the key [0-9a-f]{12}\n/),
  });
  expect(await doctor({ WEFT_ENCRYPTION_KEY: 'canary' }, folder)).toMatchObject({ code: 2 });

  // Once the environment names a key, tokens move to it, and that of the folder is needed no more.
  await stack.stop();
  await writeFile(file, '');
  stack = await start(other);
  expect(await doctor(other, '/nowhere')).toMatchObject({ code: 0 });
});

test('a stack does not start with a bad file, and says what is wrong with it', async () => {
  await stack.stop();
  await writeFile(file, '- { name: "a b", protocol: webhook, url: "http://x.example/y" }');
  await expect(start()).rejects.toThrow(`${file}:1:5: /0/name: an endpoint's name has 1 to 63`);
  await rm(file);
  await expect(start()).rejects.toThrow(`${file} cannot be read: ENOENT`);
  await writeFile(file, '');
  stack = await start();
});
