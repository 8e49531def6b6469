import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Artifact } from '@weft/contract';
import { createFileArtifactStore } from '@weft/artifacts';
import { loadExecutors } from '@weft/executors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

let api: ApiRig;
let folder: string;
let base: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-artifacts-'));
  const file = (await loadExecutors()).get('file');
  if (!file) throw new Error('there is no executor for files');
  const artifactStore = createFileArtifactStore(folder);
  api = await createApiRig(
    { file: file.run },
    { artifacts: { artifactStore, artifactLimits: { maxBytes: 1_000_000, inlineBytes: 64 * 1024 } } },
  );
  base = await api.app.listen({ host: '127.0.0.1', port: 0 });
}, 60_000);

afterAll(async () => {
  await api.stop();
  await rm(folder, { recursive: true });
}, 60_000);

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

async function upload(text: string, name = 'a.txt', headers: Record<string, string> = {}): Promise<Artifact> {
  const url = `${base}/v1/artifacts?name=${encodeURIComponent(name)}`;
  const answer = await fetch(url, {
    method: 'POST',
    body: text,
    headers: { 'content-type': 'text/plain', ...headers },
  });
  expect(answer.status).toBe(201);
  return (await answer.json()) as Artifact;
}

const get = (artifact: string, headers: Record<string, string> = {}) =>
  fetch(`${base}/v1/artifacts/${artifact}`, { headers });

describe('an upload', () => {
  test('is found by its hash with its name and type, and listed, newest first', async () => {
    const first = await upload('the first');
    const second = await upload('the second', 'reports/ünï.txt', { 'content-type': 'text/markdown; charset=utf-8' });

    expect(first).toMatchObject({ artifact: hashOf('the first'), name: 'a.txt', mediaType: 'text/plain', bytes: 9 });
    const listed = (await api.get('/v1/artifacts?limit=1')).json<{ items: Artifact[]; nextCursor: string }>();
    expect(listed.items).toEqual([second]);
    const next = (await api.get(`/v1/artifacts?limit=1&cursor=${listed.nextCursor}`)).json<{ items: Artifact[] }>();
    expect(next.items).toEqual([first]);
    const answer = await get(second.artifact);
    expect(await answer.text()).toBe('the second');
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      etag: `"${second.artifact}"`,
      'content-type': 'text/markdown; charset=utf-8',
      'content-length': '10',
      'content-disposition': "attachment; filename*=UTF-8''%C3%BCn%C3%AF.txt",
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
    });
  });

  test('may be JSON or empty, and is what was sent, byte by byte', async () => {
    for (const text of ['', '{"a":1, "a":2 }']) {
      const { artifact } = await upload(text, 'a.json', { 'content-type': 'application/json' });
      expect(await (await get(artifact)).text()).toBe(text);
    }
  });

  test.each(['/etc/passwd', '../a', 'a/../../b', 'a\tb', 'a\\b', 'C:a', './a', 'a//b', 'line\nbreak'])(
    'by the name %j is refused',
    async (name) => {
      const answer = await api.send({
        method: 'POST',
        url: `/v1/artifacts?name=${encodeURIComponent(name)}`,
        payload: 'x',
        headers: { 'content-type': 'text/plain' },
      });
      expect([answer.statusCode, answer.json()]).toEqual([422, expect.objectContaining({ code: 'invalid_artifact' })]);
    },
  );

  test.each(['said', 'not said'])('that is too large is refused with 413, its length being %s', async (how) => {
    const body = Buffer.alloc(1_000_001);
    const length = how === 'said' ? { 'content-length': `${body.length}` } : { 'transfer-encoding': 'chunked' };
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; text: string }>();
    const sent = request(`${base}/v1/artifacts?name=a`, {
      method: 'POST',
      headers: { 'content-type': 'a/b', ...length },
    });
    sent.on('error', reject).on('response', (response) => {
      response.setEncoding('utf8').on('data', (text: string) => resolve({ status: response.statusCode, text }));
    });
    sent.end(body);
    const { status, text } = await promise;

    expect([status, JSON.parse(text)]).toEqual([413, expect.objectContaining({ code: 'artifact_too_large' })]);
  });
});

describe('a download', () => {
  test.each([
    ['bytes=2-4', 206, 'cde', 'bytes 2-4/10'],
    ['bytes=7-', 206, 'hij', 'bytes 7-9/10'],
    ['bytes=-2', 206, 'ij', 'bytes 8-9/10'],
    ['bytes=8-99', 206, 'ij', 'bytes 8-9/10'],
    ['bytes=4-2', 200, 'abcdefghij', null],
    ['bytes=0-1,4-5', 200, 'abcdefghij', null],
  ])('of the range %s answers %d', async (range, status, text, contentRange) => {
    const { artifact } = await upload('abcdefghij');
    const answer = await get(artifact, { range });

    expect([answer.status, await answer.text(), answer.headers.get('content-range')]).toEqual([
      status,
      text,
      contentRange,
    ]);
  });

  test.each(['bytes=10-', 'bytes=99-100', 'bytes=-0'])(
    'of the range %s, which lies outside, is a 416',
    async (range) => {
      const { artifact } = await upload('abcdefghij');
      const answer = await get(artifact, { range });

      expect([answer.status, answer.headers.get('content-range')]).toEqual([416, 'bytes */10']);
      expect(await answer.json()).toMatchObject({ code: 'invalid_range' });
    },
  );

  test('that is asked for again by its ETag is a 304, and only its head with HEAD', async () => {
    const { artifact } = await upload('abcdefghij');
    expect((await get(artifact, { 'if-none-match': `"${artifact}"` })).status).toBe(304);
    expect((await get(artifact, { range: 'bytes=2-4', 'if-range': '"other"' })).status).toBe(200);
    const head = await fetch(`${base}/v1/artifacts/${artifact}`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '10']);
    expect((await fetch(`${base}/v1/artifacts/${'0'.repeat(64)}`, { method: 'HEAD' })).status).toBe(404);
  });

  test.each(['0'.repeat(64), 'nothing', '..%2f..%2fetc%2fpasswd'])('of %s is a 404', async (artifact) => {
    const answer = await get(artifact);
    expect([answer.status, await answer.json()]).toEqual([404, expect.objectContaining({ code: 'artifact_missing' })]);
  });

  test('whose content is gone says so', async () => {
    const { artifact } = await upload('soon gone');
    await rm(join(folder, 'objects', artifact.slice(0, 2), artifact));
    const answer = await get(artifact);

    expect([answer.status, await answer.json()]).toEqual([
      404,
      expect.objectContaining({ code: 'artifact_missing', detail: expect.stringContaining('gone from its store') }),
    ]);
  });

  test('of another tenant is a 404, and so is its deletion', async () => {
    const { artifact } = await upload('not yours');
    const foreign = { 'weft-tenant': 'other' };
    const answer = await get(artifact, foreign);

    expect(answer.status).toBe(404);
    const url = `/v1/artifacts/${artifact}`;
    expect((await api.send({ method: 'DELETE', url, headers: foreign })).statusCode).toBe(404);
    expect((await api.get('/v1/artifacts', foreign)).json()).toEqual({ items: [], nextCursor: null });
  });
});

describe('the executor file', () => {
  const files = {
    name: 'files',
    output: { read: '${read}', json: '${json.content}', part: '${part.content}', all: '${all.items}' },
    nodes: {
      write: { type: 'task', uses: 'file', with: { op: 'write', name: 'a/report.md', content: '# {{ input.title }}' } },
      data: {
        type: 'task',
        uses: 'file',
        with: { op: 'write', name: 'd.json', as: 'json', content: { n: '${input.n}' } },
      },
      read: { type: 'task', uses: 'file', with: { op: 'read', artifact: '${write}' } },
      json: { type: 'task', uses: 'file', with: { op: 'read', artifact: '${data.artifact}', as: 'json' } },
      part: { type: 'task', uses: 'file', with: { op: 'read', artifact: '${write}', as: 'base64', from: 2, to: 3 } },
      all: { type: 'task', uses: 'file', with: { op: 'list' } },
    },
    edges: [
      ['write', 'read'],
      ['write', 'part'],
      ['data', 'json'],
      ['read', 'all'],
      ['json', 'all'],
    ],
  };

  test('writes, reads and lists, and what a run refers to is not deleted before the run', async () => {
    await api.post('/v1/workflows', files);
    const run = (await api.post('/v1/runs?wait=30s', { workflow: 'files', input: { title: 'Grüße', n: 7 } })).json<{
      id: string;
      output: { all: unknown[] };
    }>();

    const report = {
      artifact: hashOf('# Grüße'),
      name: 'a/report.md',
      mediaType: 'text/plain; charset=utf-8',
      bytes: 9,
    };
    const data = { artifact: hashOf('{"n":7}'), name: 'd.json', mediaType: 'application/json', bytes: 7 };
    expect(run.output).toMatchObject({ read: { ...report, content: '# Grüße' }, json: { n: 7 }, part: 'R3I=' });
    expect(run.output.all).toHaveLength(2);
    expect(run.output.all).toEqual(expect.arrayContaining([report, data]));
    const listed = (await api.get(`/v1/artifacts?run=${run.id}`)).json<{ items: Artifact[] }>();
    expect(listed.items).toHaveLength(2);
    expect(listed.items).toEqual(expect.arrayContaining([expect.objectContaining({ ...data, runId: run.id })]));

    const remove = () => api.send({ method: 'DELETE', url: `/v1/artifacts/${report.artifact}` });
    const refused = await remove();
    expect([refused.statusCode, refused.json()]).toEqual([409, expect.objectContaining({ code: 'artifact_in_use' })]);
    await api.send({ method: 'DELETE', url: `/v1/runs/${run.id}` });
    expect((await remove()).statusCode).toBe(204);
    expect((await get(report.artifact)).status).toBe(404);
  });
});
