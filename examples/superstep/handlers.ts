/** Two debaters and a judge who need no model: each side has its arguments, and uses one a round. */
type Speech = { side: Side; says: string; answers: string | null };
type Side = 'pro' | 'con';

const ARGUMENTS: Readonly<Record<Side, readonly string[]>> = {
  pro: ['it saves time', 'everybody learns from it', 'it was worth it the last time'],
  con: ['it costs money', 'nobody has asked for it'],
};

/** Speaking takes longer for one side than for the other, which makes no difference to the transcript. */
const THINKS_MS: Readonly<Record<Side, number>> = { pro: 60, con: 5 };

function lastOf(heard: readonly Speech[], side: Side): Speech | undefined {
  return heard.findLast((speech) => speech.side === side);
}

export default {
  speak: async ({ side, topic, heard }: { side: Side; topic: string; heard: Speech[] }): Promise<Speech> => {
    await new Promise((resolve) => setTimeout(resolve, THINKS_MS[side]));
    const round = heard.filter((speech) => speech.side === side).length;
    const says = ARGUMENTS[side][round];
    const other = lastOf(heard, side === 'pro' ? 'con' : 'pro');
    return { side, says: says ? `${topic}: ${says}` : 'nothing more', answers: other?.says ?? null };
  },

  judge: async ({ heard }: { heard: Speech[] }) => {
    const isNew = ({ says }: Speech): boolean => says !== 'nothing more';
    const pointsOf = (side: Side): number => heard.filter((speech) => speech.side === side && isNew(speech)).length;
    return { points: { pro: pointsOf('pro'), con: pointsOf('con') }, isOver: !heard.slice(-2).every(isNew) };
  },
};
