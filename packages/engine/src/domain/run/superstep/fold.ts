/** Where a run in superstep mode stands, as its journal says (rules B9, C1). */
import type { RunHead } from '../records.ts';
import type { Superstep } from '../status.ts';

/** Before anything is triggered. */
export const NO_SUPERSTEP: Superstep = {
  begun: 0,
  since: 0,
  nodes: [],
  held: [],
  passed: [],
  runs: {},
  jumped: false,
  ephemeral: null,
};

/** The supersteps after the first count as generations (rule B5). */
export function applySuperstep(head: Pick<RunHead, 'jumps' | 'generations'>, fact: Partial<Superstep>): void {
  const { heads = {}, latest = {}, superstep: before = NO_SUPERSTEP } = head.jumps ?? {};
  const superstep = { ...before, ...fact, runs: { ...before.runs, ...fact.runs } };
  head.jumps = { heads, latest, superstep };
  head.generations = Math.max(0, superstep.begun - 1);
}
