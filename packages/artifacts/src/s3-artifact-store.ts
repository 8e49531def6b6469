/**
 * Artifacts as objects of a bucket, named by their hash. What is written is gathered in a file of this machine first: its name
 * is known only when all of it has been read, and so the server checks that it gets just that.
 */
import { randomUUID } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ArtifactError, boundsOf } from '@weft/engine/ports';
import type { ArtifactStore, ByteRange } from '@weft/engine/ports';
import { AwsV4Signer } from 'aws4fetch';

import { writePart } from './write-part.ts';

export type S3Place = {
  bucket: string;
  /** Before every name; `` or something that ends with a slash. */
  prefix: string;
  /** The address of the server, whose paths begin with the bucket; null: Amazon's, of the region. */
  endpoint: string | null;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
};

const HASH = /^[0-9a-f]{64}$/;
/** The hash of nothing, which is what most requests carry. */
const NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** Of a request whose answer is short. */
const ANSWER_MS = 30_000;
const OBJECT = /<Contents>.*?<\/Contents>/gs;

type Call = {
  method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  artifact?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  content?: { body: Blob; hash: string };
  signal?: AbortSignal | undefined;
};

export function createS3ArtifactStore(place: S3Place): ArtifactStore {
  const bucket = new Bucket(place);
  const { prefix } = place;
  return {
    async put(body, options) {
      const part = join(tmpdir(), `weft-artifact-${randomUUID()}`);
      try {
        const content = await writePart(part, body, options);
        await options.claim?.(content);
        const { artifact: hash } = content;
        const sent = { body: await openAsBlob(part), hash };
        await (await bucket.call({ method: 'PUT', artifact: hash, content: sent, signal: options.signal })).text();
        return content;
      } finally {
        await rm(part, { force: true });
      }
    },
    async open(artifact, range) {
      if (!HASH.test(artifact)) return null;
      const bytes = await bucket.size(artifact);
      if (bytes === null) return null;
      const { from, end } = boundsOf(range, bytes);
      if (from === end) return { bytes, body: NO_PIECES };
      const headers = { range: `bytes=${from}-${end - 1}` };
      const answer = await bucket.call({ method: 'GET', artifact, headers });
      if (answer.status === 404) return null;
      return { bytes, body: pieces(answer, { from, to: end - 1 }) };
    },
    async remove(artifact) {
      if (!HASH.test(artifact)) return;
      await (await bucket.call({ method: 'DELETE', artifact, signal: AbortSignal.timeout(ANSWER_MS) })).text();
    },
    async *list() {
      for (let next: string | null = ''; next !== null;) {
        const page: string = await bucket.list(next);
        const objects: string[] = page.match(OBJECT) ?? [];
        for (const object of objects) {
          const artifact = valueOf(object, 'Key').slice(prefix.length);
          if (!HASH.test(artifact)) continue;
          yield {
            artifact,
            bytes: Number(valueOf(object, 'Size')),
            modifiedAt: Date.parse(valueOf(object, 'LastModified')),
          };
        }
        const token = valueOf(page, 'NextContinuationToken').replaceAll('&amp;', '&');
        next = valueOf(page, 'IsTruncated') === 'true' && token !== '' ? token : null;
      }
    },
  };
}

class Bucket {
  readonly #place: S3Place;
  readonly #root: string;

  constructor(place: S3Place) {
    this.#place = place;
    const { endpoint, region, bucket } = place;
    const amazon = `https://${bucket}.s3.${region}.amazonaws.com`;
    this.#root = endpoint === null ? amazon : `${endpoint.replace(/\/+$/, '')}/${bucket}`;
  }

  async size(artifact: string): Promise<number | null> {
    const answer = await this.call({ method: 'HEAD', artifact, signal: AbortSignal.timeout(ANSWER_MS) });
    return answer.status === 404 ? null : Number(answer.headers.get('content-length'));
  }

  async list(token: string): Promise<string> {
    const { prefix } = this.#place;
    const from = token === '' ? {} : { 'continuation-token': token };
    const query = { 'list-type': '2', prefix, ...from };
    const answer = await this.call({ method: 'GET', query, signal: AbortSignal.timeout(ANSWER_MS) });
    return answer.text();
  }

  /** An answer that is good, or a 404 for an artifact. Throws ArtifactError. */
  async call({ method, artifact, query = {}, headers = {}, content, signal }: Call): Promise<Response> {
    const path = artifact === undefined ? '' : `/${this.#place.prefix}${artifact}`;
    const url = `${this.#root}${path}${toQuery(query)}`;
    const signed = await this.#sign(method, url, { ...headers, 'x-amz-content-sha256': content?.hash ?? NOTHING });
    const request = { method, headers: signed.headers, body: content?.body ?? null, signal: signal ?? null };
    const answer = await fetch(signed.url, request).catch((error: unknown) => {
      const reason =
        error instanceof Error ? (error.cause instanceof Error ? error.cause : error).message : String(error);
      throw unavailable(`no answer from ${this.#root}: ${reason}`, error);
    });
    if (answer.ok || (answer.status === 404 && artifact !== undefined && method !== 'PUT')) return answer;
    const code = valueOf(await answer.text().catch(() => ''), 'Code');
    throw refused(`${this.#root} answers ${answer.status}${code === '' ? '' : ` ${code}`}`, answer.status, code);
  }

  #sign(method: string, url: string, headers: Record<string, string>) {
    const { region, accessKeyId, secretAccessKey, sessionToken } = this.#place;
    const who = { region, accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
    return new AwsV4Signer({ ...who, service: 's3', method, url, headers }).sign();
  }
}

function refused(message: string, status: number, code: string): ArtifactError {
  // What servers say that have no room, or a quota that is used up.
  const isFull = status === 507 || /Full|QuotaExceeded|InsufficientStorage/.test(code);
  if (isFull)
    return new ArtifactError('artifact_store_full', `no room to keep the artifact: ${message}`, { retryable: true });
  return unavailable(message);
}

function unavailable(message: string, cause?: unknown): ArtifactError {
  const options = { retryable: true, ...(cause !== undefined && { cause }) };
  return new ArtifactError('artifact_store_unavailable', `the artifact store does not work: ${message}`, options);
}

/** The range that was asked for; a connection that breaks is no end of the content. */
async function* pieces(answer: Response, { from, to }: Required<ByteRange>): AsyncGenerator<Uint8Array, void> {
  let bytes = 0;
  try {
    for await (const piece of answer.body ?? []) {
      bytes += piece.length;
      yield piece;
    }
  } catch (error) {
    throw unavailable('the content broke off', error);
  }
  if (bytes !== to - from + 1) throw unavailable(`${bytes} bytes came of ${to - from + 1}`);
}

const NO_PIECES: AsyncIterable<Uint8Array> = { async *[Symbol.asyncIterator]() {} };

function toQuery(query: Record<string, string>): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? '' : `?${text}`;
}

/** Names of ours, numbers and instants: nothing of it is escaped in XML. */
function valueOf(xml: string, tag: string): string {
  return new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(xml)?.[1] ?? '';
}
