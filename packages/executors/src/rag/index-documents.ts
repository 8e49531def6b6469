/** Documents into a collection: cut, turned into vectors, stored. What is there already is left as it is. */
import { createHash } from 'node:crypto';

import type { ExecutorCall, PassageStore, Usage } from '@weft/engine/ports';

import { embedTexts, reserveTexts } from '../embed/embed-texts.ts';
import type { Failure } from '../failure.ts';
import { failure } from '../failure.ts';
import { invalidInput } from '../validation-failure.ts';
import { chunkText } from './chunk-text.ts';
import type { Chunk } from './chunk-text.ts';
import type { IndexInput } from './rag-input.ts';

const MOST_BYTES = 10_000_000;

export type Indexed = { collection: string; indexed: number; unchanged: number; passages: number };
type Call = Pick<ExecutorCall, 'tenant' | 'artifacts' | 'signal' | 'heartbeat' | 'idempotencyKey' | 'budget'>;
type Prepared = {
  id: string;
  title: string | null;
  metadata: IndexInput['documents'][number]['metadata'];
  hash: string;
  chunks: Chunk[];
};

/** One document after the other, each in a transaction of its own: a repeat goes on where the attempt before has ended. */
export async function indexDocuments(passages: PassageStore, input: IndexInput, call: Call) {
  const key = { tenant: call.tenant, collection: input.collection };
  const prepared: Prepared[] = [];
  for (const document of input.documents) {
    const text = await textOf(document, call);
    if (typeof text !== 'string') return text;
    prepared.push(prepare(document, text, input));
  }
  const twice = prepared.find(({ id }, at) => prepared.findIndex((one) => one.id === id) !== at);
  if (twice) return invalidInput('/documents', `the document ${JSON.stringify(twice.id)} is there twice`);
  const known = await passages.hashes(
    key,
    prepared.map(({ id }) => id),
  );
  const fresh = prepared.filter(({ id, hash }) => known.get(id) !== hash);
  const result: Indexed = {
    collection: input.collection,
    indexed: 0,
    unchanged: prepared.length - fresh.length,
    passages: 0,
  };
  const stopped = await reserveTexts(
    input.embed.model,
    fresh.flatMap(({ chunks }) => chunks.map(({ text }) => text)),
    call.budget,
  );
  if (stopped) return stopped;
  const usage: Usage = { inputTokens: 0, outputTokens: 0, usd: 0 };
  for (const document of fresh) {
    const failed = await indexOne(passages, { key, input, document, usage }, call);
    if (failed) return { ...failed, usage };
    result.indexed += 1;
    result.passages += document.chunks.length;
    call.heartbeat({ indexed: result.indexed, of: fresh.length });
  }
  return { kind: 'succeeded' as const, output: result, usage };
}

type One = { key: { tenant: string; collection: string }; input: IndexInput; document: Prepared; usage: Usage };

async function indexOne(
  passages: PassageStore,
  { key, input, document, usage }: One,
  call: Call,
): Promise<Failure | null> {
  const { id, title, metadata, hash, chunks } = document;
  const texts = [...new Set(chunks.map(({ text }) => text))];
  const embedded = await embedTexts(input.embed, texts, { ...call, idempotencyKey: `${call.idempotencyKey}:${hash}` });
  const spent = embedded.usage;
  usage.inputTokens += spent?.inputTokens ?? 0;
  usage.usd += spent?.usd ?? 0;
  if (embedded.kind === 'failed') return embedded;
  const vectorOf = new Map(texts.map((text, at) => [text, embedded.vectors[at] ?? []]));
  const there = await passages.kindOf(key);
  const dimensions = embedded.vectors[0]?.length ?? there?.dimensions ?? input.embed.dimensions ?? 1;
  const kind = { model: input.embed.model, dimensions, language: input.language };
  const pieces = chunks.map((chunk) => ({ ...chunk, vector: vectorOf.get(chunk.text) ?? [] }));
  const kept = await passages.put(key, kind, { id, hash, title, metadata, passages: pieces });
  if (kept.model === kind.model && kept.dimensions === kind.dimensions && kept.language === kind.language) return null;
  const [has, given] = [kept, kind].map((one) => `${one.model}, ${one.dimensions} dimensions, ${one.language}`);
  return failure('collection_mismatch', `The collection ${key.collection} holds ${has}; it takes nothing of ${given}`);
}

function prepare(
  document: IndexInput['documents'][number],
  text: string,
  { chunk, embed, language }: IndexInput,
): Prepared {
  const { id, title = null, metadata } = document;
  const chunks = chunkText(text, chunk);
  const all = JSON.stringify([text, title, metadata, chunk, embed.model, embed.dimensions ?? null, language]);
  return { id, title, metadata, chunks, hash: createHash('sha256').update(all).digest('hex') };
}

async function textOf(
  { id, text, artifact }: IndexInput['documents'][number],
  { artifacts }: Call,
): Promise<string | Failure> {
  if (artifact === undefined) return text ?? '';
  const { body } = await artifacts.read(artifact);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES)
      return failure('document_too_large', `The document ${id} has more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  const decoded = new TextDecoder().decode(Buffer.concat(chunks));
  // Pages of a text hold neither; what holds them is an image, an archive or such.
  if (decoded.includes('\0')) return failure('document_not_text', `The document ${id} is no text`);
  return decoded;
}
