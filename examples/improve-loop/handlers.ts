/** A writer and a judge who need no model: each piece of advice is followed, and makes the slogan better. */
type Draft = { topic: string; advice: string | null; round: number };

const ADVICE: readonly { says: string; isMet: (slogan: string) => boolean }[] = [
  { says: 'name the topic', isMet: (slogan) => slogan.includes(':') },
  { says: 'promise something', isMet: (slogan) => slogan.includes('never') },
  { says: 'be shorter', isMet: (slogan) => slogan.length <= 30 },
];

function improved({ topic, advice }: Draft): string {
  switch (advice) {
    case 'name the topic':
      return `${topic}: it goes on and on and on, whatever happens to it`;
    case 'promise something':
      return `${topic}: it goes on and on and on, and never loses a step`;
    case 'be shorter':
      return `${topic}: never loses a step`;
    default:
      return 'It goes on and on and on, whatever happens to it';
  }
}

export default {
  write: async (draft: Draft) => improved(draft),

  judge: async ({ slogan }: { slogan: string }) => {
    const missing = ADVICE.filter(({ isMet }) => !isMet(slogan));
    return { score: 100 - 30 * missing.length, advice: missing[0]?.says ?? null };
  },
};
