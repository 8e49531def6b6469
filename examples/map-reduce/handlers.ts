/** What the nodes of the example do. */
const WORDS = ['mesh', 'run', 'task', 'step', 'lane', 'claim', 'state'];

type Counted = { text: number; words: number; most: string };

/** The text of this number: it has 1 to 20 words, always the same. */
function textOf(number: number): string {
  return Array.from({ length: 1 + (number % 20) }, (_, i) => WORDS[(number * 7 + i * i) % WORDS.length]).join(' ');
}

function mostFrequent(counts: ReadonlyMap<string, number>): string {
  return Array.from(counts).toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))[0]?.[0] ?? '';
}

function tally(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

export default {
  texts: async ({ texts = 10_000 }: { texts?: number }) =>
    Array.from({ length: texts }, (_, number) => ({ number, text: textOf(number) })),

  /** Its update of the state is added up as each item settles, so `state.words` grows while the run goes on. */
  count: async ({ number, text }: { number: number; text: string }) => {
    const words = text.split(' ');
    const output: Counted = { text: number, words: words.length, most: mostFrequent(tally(words)) };
    return { output, stateUpdates: { words: words.length } };
  },

  reduce: async (counted: Counted[]) => ({
    texts: counted.length,
    most: mostFrequent(tally(counted.map(({ most }) => most))),
  }),
};
