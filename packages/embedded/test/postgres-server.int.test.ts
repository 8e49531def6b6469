import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { startPostgres } from '../src/index.ts';
import type { PostgresServer } from '../src/index.ts';
import { identityOf } from '../src/process-identity.ts';
import { query } from './fixtures/query.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'weft-embedded-'));
const started: PostgresServer[] = [];

async function start(log?: (message: string) => void): Promise<PostgresServer> {
  const server = await startPostgres({ dataDir, ...(log && { log }) });
  started.push(server);
  return server;
}

function postmasterPid(): number {
  return Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

describe('the Postgres of a data folder', () => {
  test('is created the first time, durable, and reachable on loopback only', async () => {
    const server = await start();

    const settings = await query(
      server.url,
      `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
        current_setting('listen_addresses') as address, current_setting('server_encoding') as encoding`,
    );

    expect(settings).toEqual([{ fsync: 'on', commit: 'on', address: '127.0.0.1', encoding: 'UTF8' }]);
  });

  test('asks for the password that lies in the folder', async () => {
    const server = await start();
    const url = new URL(server.url);
    url.password = 'wrong';

    await expect(query(url.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  });

  test('keeps its data over a stop, which leaves nothing running', async () => {
    const first = await start();
    await query(first.url, `create table kept as select 7 as value`);
    const pid = postmasterPid();

    await first.stop();

    expect(identityOf(pid)).toBeNull();
    await expect(query(first.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const second = await start();
    expect(await query(second.url, 'select value from kept')).toEqual([{ value: 7 }]);
  });

  test('can be stopped twice', async () => {
    const server = await start();

    await Promise.all([server.stop(), server.stop()]);

    await expect(server.stop()).resolves.toBeUndefined();
  });

  test('is stopped with a client still connected', async () => {
    const server = await start();
    const sleeping = query(server.url, 'select pg_sleep(60)').catch((error: unknown) => error);

    await expect
      .poll(() =>
        query(server.url, `select 1 from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid()`),
      )
      .toHaveLength(1);
    await server.stop();

    expect(await sleeping).toBeInstanceOf(Error);
  });

  test('belongs to one process at a time', async () => {
    await start();

    await expect(startPostgres({ dataDir })).rejects.toMatchObject({
      code: 'data_dir_in_use',
      message: expect.stringMatching(
        /^another Weft \(process \d+\) uses the data folder .*: stop it, or set WEFT_DATA_DIR/,
      ),
    });
  });
});

describe('after a kill -9', () => {
  test('of the program, the next start takes over the Postgres that lived on', async () => {
    const fixture = join(import.meta.dirname, 'fixtures', 'start-and-wait.ts');
    const program = spawn(process.execPath, [fixture, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line]: unknown[] = await Promise.race([once(program.stdout, 'data'), once(program, 'exit')]);
    const pid = postmasterPid();
    program.kill('SIGKILL');
    await once(program, 'exit');

    const server = await start();

    expect(server.port).toBe(Number(String(line)));
    expect(postmasterPid()).toBe(pid);
    await server.stop();
    expect(identityOf(pid)).toBeNull();
  });

  test('of Postgres itself, the next start brings back what was committed', async () => {
    const killed = await start();
    await query(killed.url, `create table committed as select 1 as value`);
    const holding = query(killed.url, 'select pg_sleep(60)').catch(() => undefined);
    process.kill(postmasterPid(), 'SIGKILL');
    await killed.stop();

    const server = await start();

    expect(await query(server.url, 'select value from committed')).toEqual([{ value: 1 }]);
    await holding;
  });

  test('and a reboot, a process number that another program has now does not block the start', async () => {
    await (await start()).stop();
    writeFileSync(
      join(dataDir, 'postgres', 'postmaster.pid'),
      `${process.pid}\n${dataDir}/postgres\n0\n1\n\n127.0.0.1\n`,
    );

    const lines: string[] = [];
    const server = await start((line) => lines.push(line));

    expect(await query(server.url, 'select 1 as value')).toEqual([{ value: 1 }]);
    expect(lines).toEqual([expect.stringMatching(/^started Postgres/)]);
  });
});
