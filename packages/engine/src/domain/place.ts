/** Where something stands in the stream of a run: after `step`, as number `n` of what comes between it and the next step. */
export type Place = { step: number; n: number };

/** Before everything. */
export const START: Place = { step: 0, n: 0 };

export function isBefore(one: Place, other: Place): boolean {
  return one.step < other.step || (one.step === other.step && one.n < other.n);
}

export function laterOf(one: Place, other: Place): Place {
  return isBefore(one, other) ? other : one;
}

/** As ids of events write it: `12`, or `12.34` for what stands between two steps. */
export function placeText({ step, n }: Place): string {
  return n === 0 ? String(step) : `${step}.${n}`;
}

/** Reads what `placeText` writes. */
export function parsePlace(text: string): Place {
  const [step, n = 0] = text.split('.').map(Number);
  return { step: step ?? 0, n };
}
