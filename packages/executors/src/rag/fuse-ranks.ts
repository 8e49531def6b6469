import type { FoundPassage, PassageFinds } from '@weft/engine/ports';

/** Damps how much the first places count for more than those that follow. */
const DAMPING = 60;

export type RankedPassage = FoundPassage & { score: number; found: ('words' | 'vector')[] };

/** One list of two by reciprocal rank: what both find comes first, whatever the scales of their scores. */
export function fuseRanks({ byWords, byVector }: PassageFinds, limit: number): RankedPassage[] {
  const all = new Map<string, RankedPassage>();
  for (const [how, found] of [
    ['words', byWords],
    ['vector', byVector],
  ] as const) {
    for (const [at, passage] of found.entries()) {
      const key = JSON.stringify([passage.document, passage.ordinal]);
      const known = all.get(key) ?? { ...passage, score: 0, found: [] };
      all.set(key, { ...known, score: known.score + 1 / (DAMPING + at + 1), found: [...known.found, how] });
    }
  }
  return [...all.values()].toSorted((one, other) => other.score - one.score).slice(0, limit);
}
