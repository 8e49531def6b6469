import { Readable } from 'node:stream';

import { AppError, Artifact, ArtifactPage, ListArtifactsQuery, UploadArtifactQuery } from '@weft/contract';
import { ArtifactError } from '@weft/engine/ports';
import type { ArtifactRecord } from '@weft/engine/ports';
import { toInstant } from '@weft/engine/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { parseRange } from '../http/byte-range.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { problems } from '../schemas/answers.ts';

const ArtifactCursor = z.object({ before: z.int() });

/** Any text is taken here: what is no hash names nothing. */
const ArtifactParams = z.object({ artifact: z.string().meta({ description: 'The SHA-256 of its content' }) });

const anyBytes = { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } };

/** Files that tasks write and read. */
export function artifactRoutes(api: Api, options: AppOptions): void {
  listRoute(api, options);
  // What is uploaded may be of any type, and is never held in memory.
  void api.register(async (uploads) => {
    uploads.removeAllContentTypeParsers();
    uploads.addContentTypeParser('*', async (_request: FastifyRequest, body: Readable) => body);
    uploadRoute(uploads, options);
  });
  downloadRoutes(api, options);
  removeRoute(api, options);
}

function listRoute(api: Api, { engine }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/artifacts',
    schema: {
      summary: 'Artifacts, newest first',
      tags: ['artifacts'],
      querystring: ListArtifactsQuery,
      response: { 200: ArtifactPage, ...problems },
    },
    handler: async ({ tenant, query: { run, limit, cursor } }) => {
      const after = decodeCursor(cursor, ArtifactCursor)?.before ?? null;
      const { items, next } = await engine.files.list({ tenant, runId: run ?? null, limit, after });
      return { items: items.map(toArtifact), nextCursor: next === null ? null : encodeCursor({ before: next }) };
    },
  });
}

function uploadRoute(api: Api, { engine }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/artifacts',
    bodyLimit: Number.MAX_SAFE_INTEGER,
    schema: {
      summary: 'Upload an artifact',
      description:
        'The body is the content, of the media type that the content type says. The same content again is kept once, under the new name.',
      tags: ['artifacts'],
      querystring: UploadArtifactQuery,
      response: { 201: Artifact, ...problems },
    },
    handler: async (request, reply) => {
      const { tenant, query, headers } = request;
      const { files } = engine;
      // What is refused is not read to its end.
      reply.header('connection', 'close');
      if (Number(headers['content-length'] ?? 0) > files.limits.maxBytes) {
        throw new AppError('artifact_too_large', `an artifact may have at most ${files.limits.maxBytes} bytes`);
      }
      const file = { tenant, name: query.name, mediaType: headers['content-type'] ?? 'application/octet-stream' };
      const { artifact } = await files.write({ ...file, by: null }, bodyOf(request));
      reply.removeHeader('connection');
      const record = await requireArtifact(engine, tenant, artifact);
      return reply.code(201).header('location', `/v1/artifacts/${artifact}`).send(toArtifact(record));
    },
  });
}

/** Left open where it is not read to its end: the answer goes by the same connection. */
async function* bodyOf({ body }: FastifyRequest): AsyncGenerator<Uint8Array, void> {
  if (body instanceof Readable) yield* body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
}

function downloadRoutes(api: Api, { engine }: AppOptions): void {
  api.route({
    method: 'HEAD',
    url: '/v1/artifacts/:artifact',
    schema: { hide: true, params: ArtifactParams },
    handler: async ({ tenant, params }, reply) => {
      const record = await requireArtifact(engine, tenant, params.artifact);
      return describe(reply, record).header('content-length', String(record.bytes)).send();
    },
  });
  api.route({
    method: 'GET',
    url: '/v1/artifacts/:artifact',
    exposeHeadRoute: false,
    schema: {
      summary: 'Download an artifact',
      description: 'Whole, or the one range of bytes that `Range` names. The ETag is the SHA-256 of the content.',
      tags: ['artifacts'],
      params: ArtifactParams,
      response: {
        200: { description: 'The content', content: anyBytes },
        206: { description: 'The range of it', content: anyBytes },
        304: z.null().meta({ description: 'It is what the caller has' }),
        ...problems,
      },
    },
    handler: async ({ tenant, params, headers }, reply) => {
      const record = await requireArtifact(engine, tenant, params.artifact);
      const etag = etagOf(record);
      if (headers['if-none-match']?.includes(etag)) return reply.code(304).header('etag', etag).send(null);
      const wantsRange = headers['if-range'] === undefined || headers['if-range'] === etag;
      const range = wantsRange ? parseRange(headers.range, record.bytes) : undefined;
      const { artifact, bytes } = record;
      const body = await engine.files.read({ tenant, artifact, by: null, range }).catch((error: unknown) => {
        if (isOutside(error)) reply.header('content-range', `bytes */${bytes}`);
        throw error;
      });
      const { from, to = bytes - 1 } = range ?? { from: 0 };
      if (range) reply.code(206).header('content-range', `bytes ${from}-${to}/${bytes}`);
      return describe(reply, record)
        .header('content-length', String(to - from + 1))
        .send(Readable.from(body.body, { objectMode: false }));
    },
  });
}

function removeRoute(api: Api, { engine }: AppOptions): void {
  api.route({
    method: 'DELETE',
    url: '/v1/artifacts/:artifact',
    schema: {
      summary: 'Delete an artifact that no run refers to',
      tags: ['artifacts'],
      params: ArtifactParams,
      response: { 204: z.null().meta({ description: 'It is gone' }), ...problems },
    },
    handler: async ({ tenant, params: { artifact } }, reply) => {
      const outcome = await engine.files.remove(tenant, artifact);
      if (outcome === 'missing') throw missing(artifact);
      if (outcome === 'in_use') {
        throw new AppError('artifact_in_use', 'a run refers to it: it is deleted when its runs are');
      }
      return reply.code(204).send(null);
    },
  });
}

async function requireArtifact({ files }: AppOptions['engine'], tenant: string, artifact: string) {
  const record = await files.find(tenant, artifact);
  if (!record) throw missing(artifact);
  return record;
}

function missing(artifact: string): AppError {
  return new AppError('artifact_missing', `there is no artifact ${JSON.stringify(artifact.slice(0, 100))}`);
}

function isOutside(error: unknown): boolean {
  return error instanceof ArtifactError && error.code === 'invalid_range';
}

/** It is anybody's content: a browser saves it, and shows none of it as a page of this server. */
function describe(reply: FastifyReply, record: ArtifactRecord): FastifyReply {
  const name = encodeURIComponent(record.name.split('/').at(-1) ?? '').replace(/['()*]/g, encodeCharacter);
  return reply
    .type(record.mediaType)
    .header('etag', etagOf(record))
    .header('accept-ranges', 'bytes')
    .header('cache-control', 'private, no-cache')
    .header('content-disposition', `attachment; filename*=UTF-8''${name}`)
    .header('content-security-policy', "sandbox; default-src 'none'");
}

function encodeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function etagOf({ artifact }: ArtifactRecord): string {
  return `"${artifact}"`;
}

function toArtifact({ artifact, name, mediaType, bytes, createdAt, by }: ArtifactRecord): Artifact {
  return { artifact, name, mediaType, bytes, createdAt: toInstant(createdAt), ...by };
}
