import type { ArtifactRef, Json } from '@weft/contract';
import { ArtifactId } from '@weft/contract';
import { z } from 'zod';

import { defineExecutor } from '../define.ts';
import { failure } from '../failure.ts';
import { bytesOf, contentOf } from '../file/content.ts';

/** What may be read at once: it becomes a part of the output. */
const MOST_BYTES = 5 * 1024 * 1024;
const Format = z.enum(['text', 'json', 'base64']);

const write = z.strictObject({
  op: z.literal('write'),
  name: z.string(),
  mediaType: z.string().exactOptional(),
  /** How `content` is to be understood. */
  as: Format.default('text'),
  content: z.json(),
});

const read = z.strictObject({
  op: z.literal('read'),
  /** Its hash, or the reference that writing it gave. */
  artifact: z.union([ArtifactId, z.looseObject({ artifact: ArtifactId }).transform(({ artifact }) => artifact)]),
  as: Format.default('text'),
  from: z.int().min(0).exactOptional(),
  /** The last byte that counts. */
  to: z.int().min(0).exactOptional(),
  maxBytes: z
    .int()
    .min(1)
    .max(MOST_BYTES)
    .default(1024 * 1024),
});

const list = z.strictObject({ op: z.literal('list'), limit: z.int().min(1).max(1000).default(100) });

const ref = z.strictObject({
  artifact: z.string(),
  name: z.string(),
  mediaType: z.string(),
  bytes: z.int(),
});

const DEFAULT_TYPES = {
  text: 'text/plain; charset=utf-8',
  json: 'application/json',
  base64: 'application/octet-stream',
};

export default defineExecutor({
  type: 'file',
  description: 'Writes, reads and lists artifacts: files that are kept beside the database.',
  input: z.discriminatedUnion('op', [write, read, list]),
  output: z.union([ref.extend({ content: z.json() }), ref, z.strictObject({ items: z.array(ref) })]),
  example: { op: 'write', name: 'report.md', content: '# Report' },
  async run({ input, artifacts, signal }) {
    switch (input.op) {
      case 'write': {
        const body = bytesOf(input.content, input.as);
        if (typeof body === 'string') return failure('invalid_input', body);
        const { name, mediaType = DEFAULT_TYPES[input.as] } = input;
        return { kind: 'succeeded', output: await artifacts.write({ name, mediaType }, body) };
      }
      case 'list':
        return { kind: 'succeeded', output: { items: await artifacts.list(input.limit) } };
      case 'read': {
        const { artifact, as, from, to, maxBytes } = input;
        const range =
          from === undefined && to === undefined ? undefined : { from: from ?? 0, ...(to !== undefined && { to }) };
        const opened = await artifacts.read(artifact, range);
        const content = await contentOf(opened.body, { as, maxBytes, signal });
        if (content.kind === 'failed') return content;
        return { kind: 'succeeded', output: withContent(opened.ref, content.value) };
      }
      default:
        return input satisfies never;
    }
  },
});

function withContent(file: ArtifactRef, content: Json): ArtifactRef & { content: Json } {
  return { ...file, content };
}
