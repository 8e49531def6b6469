import { createMemoryArtifactStore } from '@weft/engine/runtime';
import { artifactStoreConformance } from '@weft/testkit/conformance/artifact-store';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

import { createFileArtifactStore, createS3ArtifactStore } from '../src/index.ts';
import { startS3Server } from './s3-server.ts';

const folder = await mkdtemp(join(tmpdir(), 'weft-artifacts-'));
const server = await startS3Server();
let opened = 0;

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const place = { ...server, region: 'us-east-1', accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };

artifactStoreConformance('in memory', async () => createMemoryArtifactStore());
artifactStoreConformance('in a folder', async () => createFileArtifactStore(join(folder, String(opened++))));
artifactStoreConformance('in a bucket', async () => createS3ArtifactStore({ ...place, prefix: `deep/${opened++}/` }));

async function* text(words: string): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from(words);
}

describe('a bucket', () => {
  test.each([
    ['wrong keys', { secretAccessKey: 'wrong' }, '403 SignatureDoesNotMatch'],
    ['another bucket', { bucket: 'nothing' }, '404 NoSuchBucket'],
    ['a server that is not there', { endpoint: 'http://127.0.0.1:9' }, 'no answer'],
  ])('with %s does not work, which is no loss of what is in it', async (_what, parts, reason) => {
    const store = createS3ArtifactStore({ ...place, prefix: '', ...parts });
    const failure = { code: 'artifact_store_unavailable', retryable: true, message: expect.stringContaining(reason) };

    await expect(store.put(text('a'), { maxBytes: 9 })).rejects.toMatchObject(failure);
  });
});
