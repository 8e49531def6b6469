/** The flood against a whole stack in this process. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startDev, type DevStack } from '../src/stack/start-dev.ts';
import { weft } from './fake-terminal.ts';

let folder: string;
let database: TestDatabase;
let stack: DevStack;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-stress-'));
  database = await createTestDatabase();
  const nowhere = { host: '127.0.0.1', port: 0, handlersFile: null, log: 'file' } as const;
  stack = await startDev({ ...nowhere, dataDir: folder, databaseUrl: database.url });
});

afterAll(async () => {
  await stack.stop();
  await database.drop();
  await rm(folder, { recursive: true });
});

const stress = (url: string, ...args: string[]) => weft(['stress', '--url', url, ...args]);

/** A way to the stack on which every third answer is lost after the stack has done the work. */
async function lossyWay(target: string): Promise<{ url: string; lost: () => number }> {
  const port = Number(new URL(target).port);
  const open = new Set<Socket>();
  let [answers, lost] = [0, 0];
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    let isSocket = false;
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => undefined).on('close', () => [near, far].map((other) => other.destroy()));
    }
    near.on('data', (chunk) => {
      isSocket ||= chunk.includes('/v1/ws');
      far.write(chunk);
    });
    far.on('data', (chunk) => {
      answers += 1;
      if (isSocket || answers % 3 > 0) return void near.write(chunk);
      lost += 1;
      near.destroy();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, lost: () => lost };
}

describe('weft stress', () => {
  test.each([[[]], [['--batch', '30']]])('submits, measures and reads back every task (%j)', async (args) => {
    const { code, out } = await stress(stack.url, '--tasks', '100', '--clients', '5', ...args, '--json');
    const report = JSON.parse(out);

    expect(report).toMatchObject({ accepted: 100, refused: 0, retries: 0, lost: 0, doubled: 0, problems: [] });
    expect(report.endToEnd.p50).toBeGreaterThan(-report.endToEnd.clockUncertaintyMs);
    expect(report.endToEnd.max).toBeLessThanOrEqual(report.drainMs);
    expect(report.noticed).toMatchObject({ count: 100 });
    expect(report.submit.perSecond).toBeGreaterThan(0);
    expect(code).toBe(0);
  });

  test('loses and doubles nothing where answers are lost, for it asks again under the same key', async () => {
    const way = await lossyWay(stack.url);
    const { code, out } = await stress(way.url, '--tasks', '60', '--clients', '4', '--batch', '5', '--json');
    const report = JSON.parse(out);

    expect(report).toMatchObject({ accepted: 60, refused: 0, lost: 0, doubled: 0 });
    expect(report.retries).toBeGreaterThan(0);
    expect(way.lost()).toBeGreaterThanOrEqual(report.retries);
    expect(code).toBe(0);
  });

  test('shows a table for people, and what was lost', async () => {
    const args = ['--tasks', '3', '--uses', 'http', '--with', '{ "url": "http://127.0.0.1:9" }'];
    const { code, out, err } = await stress(stack.url, ...args);

    expect(code).toBe(1);
    expect(out).toMatch(/^3 of 3 tasks \(http\) from 20 clients: \d+ submissions\/s/);
    expect(out).toMatch(/\nend to end( +\d+\.\d+ms){4} {2,}to the end/);
    expect(out).toContain('lost 3, doubled 0, refused 0\n');
    expect(err).toMatch(/run \S+ was accepted and is failed/);
  });

  test('says what was refused', async () => {
    const { code, out } = await stress(stack.url, '--tasks', '2', '--uses', 'nothing-like-it', '--json');

    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      accepted: 0,
      refused: 2,
      problems: [expect.stringContaining('nothing'), {}],
    });
  });

  test('ends at once when it is interrupted', async () => {
    const interrupt = new AbortController();
    const flood = weft(['stress', '--url', stack.url, '--tasks', '100000'], { interrupt: interrupt.signal });
    setImmediate(() => interrupt.abort());

    expect((await flood).code).toBe(130);
  });
});
