/** A program of a soak: a workflow made by chance, what is done to its run, and what must come of it. */
import type { SeededRandom } from '@weft/testkit';

import { between, streamOf } from './random.ts';
import { MAKERS } from './program-shapes.ts';
import type { Shape } from './shape.ts';

export type Program = Shape & {
  index: number;
  kind: string;
  /** Programs with whose runs nothing is done may be of another tenant. */
  tenant: string;
  key: string;
  priority: 'critical' | 'high' | 'normal' | 'low';
  /** How its steps are followed. */
  follow: 'sse' | 'ws' | 'poll';
  /** It is submitted once more under the same key, to whichever producer. */
  twice: boolean;
};

/** The program of this number: the same for the same seed. */
export function programOf(seed: number, index: number): Program {
  const random = streamOf(seed, 'program', index);
  const kind = draw(random);
  const shape = (MAKERS[kind] ?? MAKERS['graph'])?.make(random);
  if (!shape) throw new Error(`there is no program ${kind}`);
  return {
    ...shape,
    index,
    kind,
    tenant: tenantOf(shape, random),
    key: `soak-${seed}-${index}`,
    priority: random.pick(['critical', 'high', 'normal', 'normal', 'normal', 'low']),
    follow: random.pick(['sse', 'ws', 'poll', 'poll']),
    twice: random.chance(0.15),
  };
}

function tenantOf({ deeds, workflow }: Shape, random: SeededRandom): string {
  const isPlain = deeds === undefined && !JSON.stringify(workflow).includes('subgraph');
  return isPlain ? random.pick(['default', 'default', 'acme', 'globex']) : 'default';
}

function draw(random: SeededRandom): string {
  const all = Object.entries(MAKERS);
  let left = between(random, 1, sum(all.map(([, { weight }]) => weight)));
  for (const [kind, { weight }] of all) {
    left -= weight;
    if (left <= 0) return kind;
  }
  return 'graph';
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
