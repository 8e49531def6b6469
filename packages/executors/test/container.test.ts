import { hostname } from 'node:os';
import { text } from 'node:stream/consumers';

import type { ArtifactRef, Json, JsonObject } from '@weft/contract';
import type { Outcome } from '@weft/engine/ports';
import { executorCall } from '@weft/testkit/conformance/executor';
import { startContainerEngine } from '@weft/testkit/container-engine';
import { afterAll, afterEach, describe, expect, test } from 'vitest';

import containerExecutor from '../src/builtin/container.ts';
import { Engine } from '../src/container/engine.ts';

const engine = await startContainerEngine();
const isThere = typeof engine !== 'string';
if (!isThere) process.stderr.write(`weft: ${engine}, so the executor container is not tested\n`);
const image = isThere ? engine.image : '';
if (isThere) process.env['DOCKER_HOST'] = engine.host;
afterAll(() => (isThere ? engine.stop() : undefined));

type Parts = Parameters<typeof executorCall>[1];

const run = (input: JsonObject, parts: Parts = {}) => containerExecutor.run(executorCall({ image, ...input }, parts));
const sh = (script: string, more: JsonObject = {}, parts: Parts = {}) =>
  run({ command: ['sh', '-c', script], ...more }, parts);

function outputOf(outcome: Outcome): JsonObject {
  if (outcome.kind !== 'succeeded') throw new Error(JSON.stringify(outcome));
  return outcome.output as JsonObject;
}

type Listed = { Id: string; Labels: Record<string, string>; Mounts: { Name: string }[] };

const containers = async (task?: string) => {
  const label = task === undefined ? 'weft.task' : `weft.task=${task}`;
  const query = { all: 'true', filters: JSON.stringify({ label: [label] }) };
  return (await new Engine().json('GET', '/containers/json', { query })) as Listed[];
};

/** An artifact store of a test's own. */
const artifacts = () => executorCall(null).artifacts;

describe.runIf(isThere)('a container', () => {
  afterEach(async () => expect(await containers('0197a000-0000-8000-8000-000000000002')).toEqual([]));

  test('gives its exit code and both of its outputs, and tells them as they come', async () => {
    const told: Json[][] = [];
    const token = (piece: string, metadata?: JsonObject) => told.push([piece.trim(), metadata?.['stream'] ?? null]);
    const outcome = await sh('echo out; sleep 0.1; echo err >&2', {}, { token });

    expect(outputOf(outcome)).toEqual({ exitCode: 0, stdout: 'out\n', stderr: 'err\n', value: 'out', files: {} });
    expect(told.filter(([piece]) => piece !== '')).toEqual([
      ['out', 'stdout'],
      ['err', 'stderr'],
    ]);
  });

  test('gets files from texts and artifacts, and gives files as artifacts', async () => {
    const store = artifacts();
    const given = await store.write({ name: 'given.bin' }, Buffer.from([0, 255, 10]));
    const script = 'cat "$WEFT_IN/a/list.txt"; cp "$WEFT_IN/raw" copy.bin; mkdir sub; printf 12345 > sub/n.txt';
    const outcome = await sh(
      script,
      {
        filesIn: { 'a/list.txt': { text: 'one\ntwo\n' }, raw: given },
        filesOut: [
          { path: 'copy.bin' },
          { path: 'sub/n.txt', mediaType: 'text/plain' },
          { path: 'none', optional: true },
        ],
        parse: 'lines',
      },
      { artifacts: store },
    );

    const { value, files } = outputOf(outcome) as { value: Json; files: Record<string, ArtifactRef | null> };
    expect(value).toEqual(['one', 'two']);
    expect(files['copy.bin']).toMatchObject({ artifact: given.artifact, bytes: 3 });
    expect(files['none']).toBeNull();
    const { body } = await store.read(files['sub/n.txt']!.artifact);
    expect(await text(body)).toBe('12345');
  });

  test('has no network, no rights, no root, and can write to its own folders only', async () => {
    const script = `id -u; ls /sys/class/net; grep -h -e CapEff -e CapBnd -e NoNewPrivs /proc/self/status
      touch /made 2>/dev/null && echo wrote; touch /tmp/made "$WEFT_OUT/made" && echo may
      touch "$WEFT_IN/made" 2>/dev/null; env | grep -c -e WEFT_SECRET -e WEFT_TOKEN`;
    process.env['WEFT_SECRET_LEAK'] = 'hunter2';
    const { value } = outputOf(await sh(`${script}; true`, { parse: 'lines' }));
    delete process.env['WEFT_SECRET_LEAK'];

    expect((value as string[]).map((line) => line.replaceAll('\t', ''))).toEqual([
      '65534',
      'lo',
      'CapEff:0000000000000000',
      'CapBnd:0000000000000000',
      'NoNewPrivs:1',
      'may',
      '0',
    ]);
  });

  test('takes its arguments and variables as they are', async () => {
    const hostile = '; touch "$WEFT_OUT/made" $(touch made)\n`id` -x';
    const variables = { HOSTILE: hostile, LD_PRELOAD: '/weft/in/none.so', BASH_ENV: '/weft/in/hook' };
    const script = 'printf "%s|%s|%s" "$1" "$HOSTILE" "$(ls)"';
    const { stdout } = outputOf(await run({ command: ['sh', '-c', script, 'sh', hostile], env: variables }));

    expect(stdout).toBe(`${hostile}|${hostile}|`);
  });

  test('that needs more memory than it has is ended', async () => {
    const script = 'exec dd if=/dev/zero of=/dev/null bs=200M count=1';

    expect(await sh(script, { memoryMb: 32 })).toMatchObject({
      kind: 'failed',
      error: { code: 'out_of_memory', details: { memoryMb: 32 } },
    });
  });

  test('that fails is retryable and shows the end of what it wrote', async () => {
    expect(await sh('echo the end >&2; exit 3')).toMatchObject({
      error: { code: 'container_exit', retryable: true, details: { exitCode: 3, stderr: 'the end\n' } },
    });
  });

  test('F42: that writes 50 MB is killed', async () => {
    expect(await sh('head -c 50000000 /dev/zero; exec sleep 300')).toMatchObject({
      error: { code: 'output_too_large', retryable: false, details: { maxBytes: 1_048_576 } },
    });
  });

  test.each<[string, string, JsonObject, string]>([
    ['has no such command', 'x', { command: ['/no/such/command'] }, 'container_not_started'],
    ['has no such image', 'true', { image: 'localhost/no-such-image:1', pull: 'never' }, 'image_missing'],
    ['has an image that cannot be had', 'true', { image: '127.0.0.1:1/no-such-image:1' }, 'image_pull_failed'],
    ['leaves no file', 'true', { filesOut: [{ path: 'none' }] }, 'file_missing'],
    ['wants what is not there', 'true', { filesIn: { a: { artifact: 'f'.repeat(64) } } }, 'artifact_missing'],
  ])('that %s fails', async (_what, script, more, code) => {
    expect(await sh(script, more, { artifacts: artifacts() })).toMatchObject({ kind: 'failed', error: { code } });
  });

  test('cannot give a file of the machine by a link', async () => {
    const store = artifacts();
    const outcome = await sh(
      'ln -s /etc/hostname link; ln -s ../../../../etc/hostname far',
      { filesOut: [{ path: 'link' }] },
      { artifacts: store },
    );

    if (outcome.kind === 'failed') return expect(outcome.error.code).toMatch(/^(not_a_file|file_missing)$/);
    const { files } = outputOf(outcome) as { files: Record<string, ArtifactRef> };
    const { body } = await store.read(files['link']!.artifact);
    return expect(await text(body)).not.toContain(hostname());
  });

  test('F44: that ignores SIGTERM is killed within a second, and is removed', async () => {
    const controller = new AbortController();
    let abortedAt = 0;
    const token = (): void => {
      abortedAt ||= performance.now();
      controller.abort(new Error('cancel'));
    };
    const taskId = '0197a000-0000-8000-8000-00000000000a';
    const outcome = await sh(
      "trap '' TERM; echo up; while :; do sleep 1; done",
      {},
      { taskId, token, signal: controller.signal },
    );

    expect(outcome).toMatchObject({ error: { code: 'aborted', retryable: true } });
    expect(performance.now() - abortedAt).toBeLessThan(1_000);
    await expect.poll(() => containers(taskId), { timeout: 10_000 }).toEqual([]);
  });

  test('that a killed worker left behind is removed by the next attempt, and no other', async () => {
    const taskId = '0197a000-0000-8000-8000-00000000000b';
    const api = new Engine();
    const left = async (task: string, attempt: string) => {
      const body = { Image: image, Cmd: ['sleep', '300'], Labels: { 'weft.task': task, 'weft.attempt': attempt } };
      const { Id } = (await api.json('POST', '/containers/create', { body })) as { Id: string };
      await api.json('POST', `/containers/${Id}/start`);
      return Id;
    };
    await left(taskId, '1');
    const other = await left('0197a000-0000-8000-8000-00000000000c', '1');
    const later = await left(taskId, '3');
    await sh('true', {}, { taskId, attempt: 2 });

    expect((await containers(taskId)).map(({ Id }) => Id)).toEqual([later]);
    expect((await containers('0197a000-0000-8000-8000-00000000000c')).map(({ Id }) => Id)).toEqual([other]);
    for (const id of [other, later]) await api.json('DELETE', `/containers/${id}`, { query: { force: 'true' } });
  });
});

describe('a container that must not be', () => {
  test.each<[string, JsonObject]>([
    ['/image', { image: '-v/:/host' }],
    ['/image', { image: 'a/../../containers/json?x=' }],
    ['/image', { image: 'a b' }],
    ['/image', { image: 'a\0b' }],
    ['/command', { image: 'a', command: 'rm -rf /' }],
    ['/command/0', { image: 'a', command: ['a\0b'] }],
    ['/env/A=B', { image: 'a', env: { 'A=B': 'c' } }],
    ['/user', { image: 'a', user: 'root' }],
    ['/network', { image: 'a', network: 'host' }],
    ['/privileged', { image: 'a', privileged: true }],
    ['/volumes', { image: 'a', volumes: ['/:/host'] }],
    ['/filesIn/..~1..~1etc~1passwd', { image: 'a', filesIn: { '../../etc/passwd': { text: 'x' } } }],
    ['/filesIn/~1etc~1passwd', { image: 'a', filesIn: { '/etc/passwd': { text: 'x' } } }],
    ['/filesOut/0/path', { image: 'a', filesOut: [{ path: '../in/a' }] }],
    ['/filesOut/0/path', { image: 'a', filesOut: [{ path: 'a/../../b' }] }],
    ['/filesOut/0/path', { image: 'a', filesOut: [{ path: 'a\nb' }] }],
  ])('is refused because of %s: %j', async (pointer, input) => {
    expect(await containerExecutor.run(executorCall(input))).toMatchObject({
      error: { code: 'invalid_input', retryable: false, details: { errors: [{ pointer }] } },
    });
  });

  test.each(['unix:///nowhere/docker.sock', 'ssh://somewhere', 'nothing'])(
    'is not started without an engine: %s',
    async (host) => {
      const before = process.env['DOCKER_HOST'];
      process.env['DOCKER_HOST'] = host;
      const outcome = await run({ image: 'a', command: ['true'] });
      if (before === undefined) delete process.env['DOCKER_HOST'];
      else process.env['DOCKER_HOST'] = before;

      expect(outcome).toMatchObject({
        error: { code: 'container_engine_missing', retryable: false, message: expect.stringContaining('DOCKER_HOST') },
      });
    },
  );

  test('says so where the engine has gone away', async () => {
    const before = process.env['DOCKER_HOST'];
    process.env['DOCKER_HOST'] = 'tcp://127.0.0.1:1';
    const outcome = await run({ image: 'a', command: ['true'] });
    if (before === undefined) delete process.env['DOCKER_HOST'];
    else process.env['DOCKER_HOST'] = before;

    expect(outcome).toMatchObject({
      error: { code: 'container_engine_failed', retryable: true, details: { status: 0 } },
    });
  });
});
