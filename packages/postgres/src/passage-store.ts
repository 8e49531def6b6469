/** Documents in pieces: the PassageStore port on Postgres. */
import type { JsonObject } from '@weft/contract';
import type {
  CollectionKey,
  CollectionKind,
  FoundPassage,
  NewDocument,
  PassageFinds,
  PassageSearch,
  PassageStore,
} from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query, transact } from './connection.ts';
import { PassageVectors, unitVector } from './passage-vectors.ts';
import type { Place } from './passage-vectors.ts';

export function createPassageStore(pool: Pool): PassageStore {
  const vectors = new PassageVectors(pool);
  return {
    kindOf: (key) => collectionOf(pool, key),
    async hashes({ tenant, collection }, documents) {
      const text = 'select id, hash from passage_document where tenant = $1 and collection = $2 and id = any($3)';
      const rows = await query<{ id: string; hash: string }>(pool, { text, values: [tenant, collection, documents] });
      return new Map(rows.map(({ id, hash }) => [id, hash]));
    },
    put: (key, kind, document) => put(pool, key, { kind, document }),
    search: (search) => find(pool, vectors, search),
    remove: (key, documents) => remove(pool, key, documents),
  };
}

type Collection = CollectionKind & { version: number };

async function collectionOf(pool: Pool, { tenant, collection }: CollectionKey): Promise<Collection | null> {
  const text = 'select model, dimensions, language, version from passage_collection where tenant = $1 and name = $2';
  const [row] = await query<Collection>(pool, { text, values: [tenant, collection] });
  return row ?? null;
}

type Putting = { kind: CollectionKind; document: NewDocument };

/** The collection's row is locked first: two that index the same document come one after the other. */
function put(pool: Pool, { tenant, collection }: CollectionKey, { kind, document }: Putting): Promise<CollectionKind> {
  return transact(pool, async (client) => {
    const { rows } = await client.query<CollectionKind>({
      text: `insert into passage_collection (tenant, name, model, dimensions, language) values ($1, $2, $3, $4, $5)
        on conflict (tenant, name) do update set version = passage_collection.version + 1
        returning model, dimensions, language`,
      values: [tenant, collection, kind.model, kind.dimensions, kind.language],
    });
    const there = rows[0] ?? kind;
    if (there.model !== kind.model || there.dimensions !== kind.dimensions || there.language !== kind.language) {
      return { result: there, sent: [] };
    }
    const { id, hash, title, metadata, passages } = document;
    const place = [tenant, collection, id];
    const sent = [
      client.query({
        text: 'delete from passage_document where tenant = $1 and collection = $2 and id = $3',
        values: place,
      }),
      client.query({
        text: 'insert into passage_document (tenant, collection, id, hash, title, metadata) values ($1, $2, $3, $4, $5, $6)',
        values: [...place, hash, title, JSON.stringify(metadata)],
      }),
      client.query({
        text: `insert into passage (tenant, collection, document, ordinal, text, start, stop, vector, words)
          select $1, $2, $3, n - 1, t, f, u, decode(v, 'base64'), to_tsvector($4::regconfig, t)
          from unnest($5::text[], $6::int[], $7::int[], $8::text[]) with ordinality as p (t, f, u, v, n)`,
        values: [
          ...place,
          kind.language,
          passages.map(({ text }) => text),
          passages.map(({ from }) => from),
          passages.map(({ to }) => to),
          passages.map(({ vector }) => Buffer.from(unitVector(vector).buffer).toString('base64')),
        ],
      }),
    ];
    return { result: there, sent };
  });
}

async function find(pool: Pool, vectors: PassageVectors, search: PassageSearch): Promise<PassageFinds> {
  const collection = await collectionOf(pool, search);
  if (!collection) return { byWords: [], byVector: [] };
  const among = search.filter === null ? null : await documentsWith(pool, search, search.filter);
  const byWords = search.words === null ? [] : await wordsFound(pool, search, { language: collection.language, among });
  if (search.vector === null) return { byWords, byVector: [] };
  const key = { tenant: search.tenant, collection: search.collection, version: collection.version };
  const places = await vectors.nearest(key, search.vector, { limit: search.limit, among });
  return { byWords, byVector: await load(pool, search, places) };
}

async function documentsWith(
  pool: Pool,
  { tenant, collection }: CollectionKey,
  filter: JsonObject,
): Promise<Set<string>> {
  const text = 'select id from passage_document where tenant = $1 and collection = $2 and metadata @> $3::jsonb';
  const rows = await query<{ id: string }>(pool, { text, values: [tenant, collection, JSON.stringify(filter)] });
  return new Set(rows.map(({ id }) => id));
}

const PASSAGE = `p.document, d.title, d.metadata, p.ordinal, p.text, p.start as "from", p.stop as "to"`;
const SOURCE = `passage p join passage_document d on d.tenant = p.tenant and d.collection = p.collection and d.id = p.document`;

/** Any of the words will do; those that have more of them, nearer to each other, come first. */
function wordsFound(
  pool: Pool,
  { tenant, collection, words, limit }: PassageSearch,
  { language, among }: { language: string; among: ReadonlySet<string> | null },
): Promise<FoundPassage[]> {
  const text = `select ${PASSAGE}
    from (select replace(plainto_tsquery($3::regconfig, $4)::text, '&', '|')::tsquery as words) q, ${SOURCE}
    where p.tenant = $1 and p.collection = $2 and p.words @@ q.words and ($5::text[] is null or p.document = any($5))
    order by ts_rank_cd(p.words, q.words, 1) desc, p.document, p.ordinal limit $6`;
  const values = [tenant, collection, language, words, among && [...among], limit];
  return query<FoundPassage>(pool, { text, values });
}

async function load(
  pool: Pool,
  { tenant, collection }: CollectionKey,
  places: readonly Place[],
): Promise<FoundPassage[]> {
  const text = `select ${PASSAGE} from unnest($3::text[], $4::int[]) with ordinality as w (document, ordinal, n), ${SOURCE}
    where p.tenant = $1 and p.collection = $2 and p.document = w.document and p.ordinal = w.ordinal order by w.n`;
  const values = [tenant, collection, places.map(({ document }) => document), places.map(({ ordinal }) => ordinal)];
  return query<FoundPassage>(pool, { text, values });
}

async function remove(
  pool: Pool,
  { tenant, collection }: CollectionKey,
  documents: readonly string[] | null,
): Promise<number> {
  const text = `with changed as (
      update passage_collection set version = version + 1 where tenant = $1 and name = $2
    ), gone as (
      delete from passage_document where tenant = $1 and collection = $2 and ($3::text[] is null or id = any($3)) returning 1
    ) select count(*)::int as n from gone`;
  const [row] = await query<{ n: number }>(pool, { text, values: [tenant, collection, documents] });
  if (documents === null) {
    const whole = 'delete from passage_collection where tenant = $1 and name = $2';
    await query(pool, { text: whole, values: [tenant, collection] });
  }
  return row?.n ?? 0;
}
