import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { lockDataDir } from '../src/data-dir.ts';
import { startPostgres } from '../src/index.ts';
import { chooseInstallation } from '../src/installation.ts';
import { copyBinaries } from '../src/postgres-binaries.ts';
import { canRun, giveTo } from '../src/run-as.ts';
import { query } from './fixtures/query.ts';

const folder = mkdtempSync(join(tmpdir(), 'weft-embedded-'));
const isRoot = process.getuid?.() === 0;

function subfolder(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a data folder is refused with one line', () => {
  test('if it cannot be made', async () => {
    writeFileSync(join(folder, 'a-file'), '');

    await expect(startPostgres({ dataDir: join(folder, 'a-file', 'data') })).rejects.toMatchObject({
      code: 'data_dir_not_writable',
      message: expect.stringMatching(
        /^the data folder .* is not writable: make it writable, or set WEFT_DATA_DIR [^\n]*$/,
      ),
    });
  });

  test('if another version of Postgres made the database in it', async () => {
    const dataDir = subfolder('old');
    mkdirSync(join(dataDir, 'postgres'));
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');

    await expect(startPostgres({ dataDir })).rejects.toMatchObject({
      code: 'data_dir_incompatible',
      message: expect.stringContaining('is a database of Postgres 17'),
    });
    expect(existsSync(join(dataDir, 'lock'))).toBe(false);
  });

  test('if something else lies where the database would', async () => {
    const dataDir = subfolder('foreign');
    mkdirSync(join(dataDir, 'postgres'));
    writeFileSync(join(dataDir, 'postgres', 'notes.txt'), 'mine');

    await expect(startPostgres({ dataDir })).rejects.toMatchObject({ code: 'data_dir_incompatible' });
    expect(readFileSync(join(dataDir, 'postgres', 'notes.txt'), 'utf8')).toBe('mine');
  });

  test('if the database is damaged, with the reason Postgres gives', async () => {
    const dataDir = subfolder('damaged');
    mkdirSync(join(dataDir, 'postgres'), { mode: 0o700 });
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '18\n');
    writeFileSync(join(dataDir, 'postgres.password'), 'secret');

    await expect(startPostgres({ dataDir })).rejects.toMatchObject({
      code: 'postgres_start_failed',
      message: expect.stringMatching(/^Postgres does not start \(.+\): see .*postgres\.log/),
    });
  });
});

describe('the lock of a data folder', () => {
  test('is taken over from a process that died, whatever became of its number', () => {
    const dataDir = subfolder('stale');
    writeFileSync(join(dataDir, 'lock'), JSON.stringify({ pid: process.pid, identity: 'of an earlier process' }));

    const unlock = lockDataDir(dataDir);

    expect(() => lockDataDir(dataDir)).toThrow(`another Weft (process ${process.pid}) uses the data folder`);
    unlock();
    expect(existsSync(join(dataDir, 'lock'))).toBe(false);
  });

  test('is taken over when it is unreadable', () => {
    const dataDir = subfolder('garbled');
    writeFileSync(join(dataDir, 'lock'), '{');

    expect(() => lockDataDir(dataDir)()).not.toThrow();
  });
});

test('the programs can be copied from a package that is read-only, with the links it lacks', () => {
  const native = join(subfolder('package'), 'native');
  mkdirSync(join(native, 'lib'), { recursive: true });
  writeFileSync(join(native, 'lib', 'libx.so.1.2'), 'library');
  writeFileSync(join(native, 'lib', 'libx.a'), 'archive');
  const link = { source: 'native/lib/libx.so.1.2', target: 'native/lib/libx.so.1' };
  writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify([link]));

  const { postgres } = copyBinaries({ native, version: '1.0' }, join(folder, 'cache'));

  const lib = join(folder, 'cache', 'postgres-1.0', 'lib');
  expect(postgres).toBe(join(folder, 'cache', 'postgres-1.0', 'bin', 'postgres'));
  expect(readFileSync(join(lib, 'libx.so.1'), 'utf8')).toBe('library');
  expect(readlinkSync(join(lib, 'libx.so.1'))).toBe('libx.so.1.2');
  expect(existsSync(join(lib, 'libx.a'))).toBe(false);
});

describe.runIf(isRoot)('when root starts it below a folder that only root may enter', () => {
  const dataDir = join(folder, 'as-root');
  const databaseDir = join(dataDir, 'postgres');

  test('Postgres runs without any right of root', async () => {
    const server = await startPostgres({ dataDir });
    const pid = readFileSync(join(databaseDir, 'postmaster.pid'), 'utf8').split('\n')[0];

    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^CapEff:\s+0+$/m);
    await server.stop();
  });

  test('a database that belonged to nobody, as when the folder was open to all, is taken over', async () => {
    giveTo('nobody', databaseDir);
    expect(statSync(join(databaseDir, 'global', 'pg_control')).uid).toBe(65_534);

    const server = await startPostgres({ dataDir });

    expect(await query(server.url, 'select 1 as value')).toEqual([{ value: 1 }]);
    expect(statSync(join(databaseDir, 'global', 'pg_control')).uid).toBe(0);
    await server.stop();
  });
});

describe.runIf(isRoot)('when root starts it below a folder open to all', () => {
  test('Postgres runs as nobody if that user reaches the programs, without any right of root in any case', async () => {
    const dataDir = subfolder('open');
    chmodSync(folder, 0o755);
    const { binaries, runAs } = chooseInstallation(dataDir);
    const reaches = canRun('nobody', binaries.postgres, dataDir);

    const server = await startPostgres({ dataDir });

    expect(runAs).toBe(reaches ? 'nobody' : 'namespace');
    expect(statSync(join(dataDir, 'postgres')).uid).toBe(reaches ? 65_534 : 0);
    await server.stop();
  });
});
