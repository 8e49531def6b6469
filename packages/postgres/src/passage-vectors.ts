/**
 * The search by meaning: exact, over all vectors of a collection. They are read once and kept as long as the collection does not
 * change and there is room; larger collections are read anew each time, piece by piece.
 */
import type { CollectionKey } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from './connection.ts';

/** Rows at once, with nothing else done in between: a few ms. */
const PIECE = 2000;
const MOST_KEPT_BYTES = 64 * 1_048_576;

export type Place = { document: string; ordinal: number };
type Piece = { places: Place[]; vectors: Float32Array };
type Kept = { version: number; pieces: Piece[]; bytes: number };

/** Of length 1, so that the product of two says how near they are. */
export function unitVector(vector: readonly number[]): Float32Array {
  const length = Math.hypot(...vector) || 1;
  return Float32Array.from(vector, (value) => value / length);
}

export class PassageVectors {
  readonly #pool: Pool;
  readonly #kept = new Map<string, Kept>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** The nearest passages, nearest first; of these documents only, unless null. */
  async nearest(
    key: CollectionKey & { version: number },
    vector: readonly number[],
    { limit, among }: { limit: number; among: ReadonlySet<string> | null },
  ): Promise<Place[]> {
    const wanted = unitVector(vector);
    const best: { place: Place; score: number }[] = [];
    for await (const { places, vectors } of this.#pieces(key)) {
      for (const [at, place] of places.entries()) {
        if (among && !among.has(place.document)) continue;
        const score = product(wanted, vectors, at * wanted.length);
        if (best.length === limit && score <= (best.at(-1)?.score ?? 0)) continue;
        const next = best.findIndex((one) => one.score < score);
        best.splice(next === -1 ? best.length : next, 0, { place, score });
        best.length = Math.min(best.length, limit);
      }
    }
    return best.map(({ place }) => place);
  }

  async *#pieces(key: CollectionKey & { version: number }): AsyncGenerator<Piece> {
    const name = JSON.stringify([key.tenant, key.collection]);
    const kept = this.#kept.get(name);
    if (kept?.version === key.version) return yield* kept.pieces;
    this.#kept.delete(name);
    const fresh: Kept = { version: key.version, pieces: [], bytes: 0 };
    for await (const piece of this.#read(key)) {
      fresh.bytes += piece.vectors.byteLength;
      if (fresh.bytes <= MOST_KEPT_BYTES) fresh.pieces.push(piece);
      yield piece;
    }
    if (fresh.bytes <= MOST_KEPT_BYTES) this.#keep(name, fresh);
  }

  /** What was read longest ago makes room. */
  #keep(name: string, fresh: Kept): void {
    this.#kept.set(name, fresh);
    let bytes = [...this.#kept.values()].reduce((sum, kept) => sum + kept.bytes, 0);
    for (const [other, kept] of this.#kept) {
      if (bytes <= MOST_KEPT_BYTES) return;
      bytes -= kept.bytes;
      this.#kept.delete(other);
    }
  }

  async *#read({ tenant, collection }: CollectionKey): AsyncGenerator<Piece> {
    let after: Place = { document: '', ordinal: -1 };
    for (;;) {
      const rows = await query<Place & { vector: Buffer }>(this.#pool, {
        name: 'passage-vectors',
        text: `select document, ordinal, vector from passage
          where tenant = $1 and collection = $2 and (document, ordinal) > ($3, $4)
          order by document, ordinal limit ${PIECE}`,
        values: [tenant, collection, after.document, after.ordinal],
      });
      const last = rows.at(-1);
      if (!last) return;
      yield { places: rows.map(({ document, ordinal }) => ({ document, ordinal })), vectors: together(rows) };
      if (rows.length < PIECE) return;
      after = last;
    }
  }
}

function together(rows: readonly { vector: Buffer }[]): Float32Array {
  const bytes = Buffer.concat(rows.map(({ vector }) => vector));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

function product(wanted: Float32Array, vectors: Float32Array, from: number): number {
  let sum = 0;
  for (let i = 0; i < wanted.length; i += 1) sum += (wanted[i] ?? 0) * (vectors[from + i] ?? 0);
  return sum;
}
