import type { ExecutorCall, Outcome, PassageStore, Usage } from '@weft/engine/ports';

import { embedTexts, reserveTexts } from '../embed/embed-texts.ts';
import type { Failure } from '../failure.ts';
import { failure } from '../failure.ts';
import { fuseRanks } from './fuse-ranks.ts';
import type { RankedPassage } from './fuse-ranks.ts';
import type { SearchInput } from './rag-input.ts';

/** Of each kind, for each that is wanted: what one kind ranks low the other may rank high. */
const DEPTH = 5;
const MOST = 200;

export type NumberedPassage = RankedPassage & { n: number };
export type Found = { kind: 'found'; passages: NumberedPassage[]; usage: Usage };

type Call = Pick<ExecutorCall, 'tenant' | 'signal' | 'heartbeat' | 'idempotencyKey' | 'budget'>;

/** The passages that fit the query best, numbered from 1. */
export async function searchPassages(
  passages: PassageStore,
  input: SearchInput,
  call: Call,
): Promise<Found | Failure | Extract<Outcome, { kind: 'again' }>> {
  const { collection, query, embed, mode, filter = null, limit } = input;
  const key = { tenant: call.tenant, collection };
  const kind = await passages.kindOf(key);
  if (!kind) return failure('no_such_collection', `There is no collection ${JSON.stringify(collection)}`);
  let vector: number[] | null = null;
  let usage: Usage = { inputTokens: 0, outputTokens: 0, usd: 0 };
  if (mode !== 'words' && embed) {
    if (embed.model !== kind.model) {
      return failure(
        'collection_mismatch',
        `The collection ${collection} holds vectors of ${kind.model}, not of ${embed.model}`,
      );
    }
    const stopped = await reserveTexts(embed.model, [query], call.budget);
    if (stopped) return stopped;
    const embedded = await embedTexts({ ...embed, dimensions: embed.dimensions ?? kind.dimensions }, [query], call);
    if (embedded.kind === 'failed') return embedded;
    vector = embedded.vectors[0] ?? null;
    usage = embedded.usage;
  }
  const depth = Math.min(MOST, limit * DEPTH);
  const words = mode === 'vector' ? null : query;
  const finds = await passages.search({ ...key, words, vector, filter, limit: depth });
  const numbered = fuseRanks(finds, limit).map((passage, at) => ({ n: at + 1, ...passage }));
  return { kind: 'found', passages: numbered, usage };
}
