import type { JsonObject } from '@weft/contract';
import type { ExecutorCall, Outcome } from '@weft/engine/ports';
import { openStore } from '@weft/postgres';
import type { PostgresStore } from '@weft/postgres';
import { createTestDatabase } from '@weft/testkit';
import type { TestDatabase } from '@weft/testkit';
import { executorCall, executorConformance } from '@weft/testkit/conformance/executor';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import rag from '../src/builtin/rag.ts';
import { chunkText } from '../src/rag/chunk-text.ts';
import { withPassages } from '../src/rag/with-passages.ts';
import type { EmbeddingServer } from './fixtures/embedding-server.ts';
import { startEmbeddingServer } from './fixtures/embedding-server.ts';

let database: TestDatabase;
let store: PostgresStore;
let server: EmbeddingServer;
let embed: JsonObject;

beforeAll(async () => {
  database = await createTestDatabase();
  store = openStore({ url: database.url, onError: () => undefined });
  server = await startEmbeddingServer();
  embed = { baseUrl: server.baseUrl, model: 'words', dimensions: 128 };
});
beforeEach(() => void (server.requests.length = server.faults.length = 0));
afterAll(async () => {
  await server.close();
  await store.close();
  await database.drop();
});

function run(input: JsonObject, parts: Partial<ExecutorCall> = {}): Promise<Outcome> {
  const executor = withPassages(new Map([['rag', rag]]), store.passages).get('rag');
  return executor?.run(executorCall(input, parts)) ?? Promise.reject(new Error('there is none'));
}

type Passage = { document: string; n: number; text: string; found: string[] };

async function search(input: JsonObject, parts: Partial<ExecutorCall> = {}): Promise<Passage[]> {
  const outcome = await run({ action: 'search', embed, ...input }, parts);
  if (outcome.kind !== 'succeeded') throw new Error(JSON.stringify(outcome));
  return (outcome.output as { passages: Passage[] }).passages;
}

const HANDBOOK = [
  { id: 'leave', title: 'Leave', text: 'Everybody has thirty days of leave a year.', metadata: { team: 'all' } },
  { id: 'travel', text: 'Trains are paid for, flights are not, save for Iceland.', metadata: { team: 'sales' } },
  { id: 'lunch', text: 'Lunch is at noon. The cook is called Ada.', metadata: { team: 'all', floor: 2 } },
];

const index = (collection: string, documents: JsonObject[] = HANDBOOK, more: JsonObject = {}) =>
  run({ action: 'index', collection, documents, embed, ...more });

executorConformance(
  {
    ...rag,
    run: (call) =>
      withPassages(new Map([['rag', rag]]), store.passages)
        .get('rag')!
        .run(call),
  },
  {
    fileName: 'rag',
    input: () => ({ action: 'index', collection: 'conformance', documents: [{ id: 'a', text: 'Hello' }], embed }),
  },
);

describe('a collection', () => {
  test('is found by words, by meaning, and by both', async () => {
    expect(await index('found')).toMatchObject({
      output: { indexed: 3, unchanged: 0, passages: 3 },
      usage: { inputTokens: 30 },
    });

    expect((await search({ collection: 'found', query: 'days of leave' }))[0]).toMatchObject({
      n: 1,
      document: 'leave',
      title: 'Leave',
      found: ['words', 'vector'],
    });
    const words = await search({ collection: 'found', query: 'cook, Iceland?', mode: 'words' });
    expect(words.map(({ document }) => document).toSorted()).toEqual(['lunch', 'travel']);
    const near = await search({ collection: 'found', query: 'flights trains', mode: 'vector', limit: 1 });
    expect(near.map(({ document, found }) => [document, found])).toEqual([['travel', ['vector']]]);
  });

  test('is narrowed by the metadata of its documents', async () => {
    await index('narrow');
    const passages = await search({
      collection: 'narrow',
      query: 'the cook pays for trains',
      filter: { team: 'sales' },
    });

    expect(passages.map(({ document }) => document)).toEqual(['travel']);
    expect(await search({ collection: 'narrow', query: 'cook', filter: { team: 'nobody' } })).toEqual([]);
  });

  test('takes no document twice that has not changed, and replaces one that has', async () => {
    await index('again');
    const again = await index('again');
    const changed = await index('again', [{ ...HANDBOOK[0], id: 'leave', text: 'There are forty days of leave.' }]);

    expect(again).toMatchObject({ output: { indexed: 0, unchanged: 3 }, usage: { inputTokens: 0 } });
    expect(changed).toMatchObject({ output: { indexed: 1, unchanged: 0 } });
    const leave = await search({ collection: 'again', query: 'days of leave' });
    expect(leave.filter(({ document }) => document === 'leave').map(({ text }) => text)).toEqual([
      'There are forty days of leave.',
    ]);
  });

  test('that broke off in the middle goes on where it was', async () => {
    server.faults.push({}, { status: 503, body: {} });
    const broken = await index('broken');
    const repeated = await index('broken');

    expect(broken).toMatchObject({
      kind: 'failed',
      error: { code: 'http_status', retryable: true },
      usage: { inputTokens: 10 },
    });
    expect(repeated).toMatchObject({ output: { indexed: 2, unchanged: 1 } });
  });

  test('takes the same documents from many at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => index('many')));

    expect(outcomes.map(({ kind }) => kind)).toEqual(outcomes.map(() => 'succeeded'));
    expect(await search({ collection: 'many', query: 'leave lunch trains', limit: 50 })).toHaveLength(3);
  });

  test('of another tenant is not there', async () => {
    await index('mine');

    expect(
      await run({ action: 'search', collection: 'mine', query: 'leave', mode: 'words' }, { tenant: 'other' }),
    ).toMatchObject({
      error: { code: 'no_such_collection', retryable: false },
    });
  });

  test('holds vectors of one model only', async () => {
    await index('model');
    const other = { ...embed, model: 'other' };

    expect(await index('model', [{ id: 'x', text: 'x' }], { embed: other })).toMatchObject({
      error: { code: 'collection_mismatch' },
    });
    expect(await index('model', [{ id: 'x', text: 'x' }], { language: 'english' })).toMatchObject({
      error: { code: 'collection_mismatch' },
    });
    expect(await run({ action: 'search', collection: 'model', query: 'x', embed: other })).toMatchObject({
      error: { code: 'collection_mismatch' },
    });
  });

  test('forgets documents, and all of itself', async () => {
    await index('gone');

    expect(await run({ action: 'remove', collection: 'gone', documents: ['leave', 'nothing'] })).toMatchObject({
      output: { removed: 1 },
    });
    expect(
      (await search({ collection: 'gone', query: 'leave', limit: 50 })).map(({ document }) => document),
    ).not.toContain('leave');
    expect(await run({ action: 'remove', collection: 'gone' })).toMatchObject({ output: { removed: 2 } });
    expect(await run({ action: 'search', collection: 'gone', query: 'x', mode: 'words' })).toMatchObject({
      error: { code: 'no_such_collection' },
    });
  });

  test('finds what stands in it, whatever is asked', async () => {
    await index('hostile', [{ id: `'; drop table passage; --`, text: `' OR 1=1 & | ! ( ) <-> :* \\` }, ...HANDBOOK]);
    for (const query of [`'; drop table passage; --`, '& | ! ( ) :*', '\\', '%', '🧵 <-> 1=1']) {
      expect((await search({ collection: 'hostile', query })).length).toBeGreaterThan(0);
    }
  });

  test('reads documents from artifacts', async () => {
    const artifacts: ExecutorCall['artifacts'] = {
      write: () => Promise.reject(new Error('not here')),
      async read(artifact) {
        const body = (async function* () {
          yield Buffer.from(artifact.startsWith('a') ? 'Artifacts hold texts.' : 'PNG\0');
        })();
        return { ref: { artifact, name: 'a.txt', mediaType: 'text/plain', bytes: 21 }, body };
      },
    };
    const of = (artifact: string) =>
      run({ action: 'index', collection: 'files', documents: [{ id: artifact, artifact }], embed }, { artifacts });

    expect(await of('a'.repeat(64))).toMatchObject({ output: { indexed: 1 } });
    expect(await of('b'.repeat(64))).toMatchObject({ error: { code: 'document_not_text', retryable: false } });
  });
});

describe('an answer', () => {
  const ask = () =>
    run({
      action: 'answer',
      collection: 'answers',
      query: 'How many days of leave?',
      embed,
      chat: { baseUrl: server.baseUrl, model: 'chat' },
    });

  test('has the passages that it cites', async () => {
    await index('answers');
    server.says = (prompt) => (prompt.includes('[1] Leave') ? 'Thirty days [1].' : 'I do not know.');

    expect(await ask()).toMatchObject({
      output: { text: 'Thirty days [1].', citations: [{ n: 1, document: 'leave', from: 0, to: 42 }] },
      usage: { inputTokens: 110, outputTokens: 10 },
    });
  });

  test('that cites what there is not is no answer', async () => {
    server.says = () => 'Thirty days [1, 9].';

    expect(await ask()).toMatchObject({
      kind: 'failed',
      error: { code: 'bad_citation', retryable: true },
      usage: { inputTokens: 110 },
    });
  });
});

describe('a text', () => {
  test('is cut at paragraphs and sentences, with an overlap, and nothing is lost', () => {
    const paragraph = 'One sentence is here. Another one follows it! Does a third? ';
    const text = Array.from({ length: 40 }, (_, n) => `${n}: ${paragraph.repeat(1 + (n % 3))}`).join('\n\n');
    const chunks = chunkText(text, { tokens: 100, overlap: 20 });

    expect(chunks.every(({ text: piece, from, to }) => piece === text.slice(from, to) && piece.length <= 400)).toBe(
      true,
    );
    const holes = chunks.slice(1).filter(({ from }, at) => text.slice(chunks[at]?.to, from).trim() !== '');
    expect(holes).toEqual([]);
    expect(chunks.at(-1)?.to).toBe(text.trimEnd().length);
  });

  test.each(['x'.repeat(5000), '🧵'.repeat(2000), ' '.repeat(3000), '', '\n\n\n'])(
    'without words is cut, too',
    (text) => {
      const chunks = chunkText(text, { tokens: 50, overlap: 25 });

      expect(chunks.every(({ text: piece }) => piece.isWellFormed() && piece.length <= 200)).toBe(true);
      expect(chunks.length).toBeLessThan(100);
    },
  );
});
