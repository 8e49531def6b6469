/** Texts in pieces, to be found again by their words and by their meaning. Each belongs to a tenant. */
import type { JsonObject } from '@weft/contract';

export type CollectionKey = { tenant: string; collection: string };

/** A piece of a document: characters `from` to `to` of its text, and its vector. */
export type NewPassage = { text: string; from: number; to: number; vector: readonly number[] };

export type NewDocument = {
  id: string;
  /** Of all that makes its passages what they are: one of the same hash need not be indexed again. */
  hash: string;
  title: string | null;
  metadata: JsonObject;
  passages: readonly NewPassage[];
};

export type FoundPassage = {
  document: string;
  title: string | null;
  metadata: JsonObject;
  /** Numbered from 0 within its document. */
  ordinal: number;
  text: string;
  from: number;
  to: number;
};

/** A collection holds vectors of one model; `language` is a text search configuration of Postgres. */
export type CollectionKind = { model: string; dimensions: number; language: string };

export type PassageSearch = CollectionKey & {
  /** Null: not by words, not by meaning. */
  words: string | null;
  vector: readonly number[] | null;
  /** What the metadata of a document must contain. */
  filter: JsonObject | null;
  /** So many of each kind at most. */
  limit: number;
};

/** The best first; empty where nothing was asked for. */
export type PassageFinds = { byWords: FoundPassage[]; byVector: FoundPassage[] };

export type PassageStore = {
  kindOf(key: CollectionKey): Promise<CollectionKind | null>;
  /** The hashes of those documents that there are. */
  hashes(key: CollectionKey, documents: readonly string[]): Promise<Map<string, string>>;
  /**
   * Puts a document in the place of what has its id, whole or not at all; makes the collection where there is none. Gives the kind of the
   * collection: where that is another than what was given, nothing is written.
   */
  put(key: CollectionKey, kind: CollectionKind, document: NewDocument): Promise<CollectionKind>;
  search(search: PassageSearch): Promise<PassageFinds>;
  /** How many documents were removed; null for all removes the collection. */
  remove(key: CollectionKey, documents: readonly string[] | null): Promise<number>;
};
