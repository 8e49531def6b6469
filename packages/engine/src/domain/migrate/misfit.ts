/** Why a run cannot go on by another version of its workflow. */
import { pointerOf } from '@weft/contract';
import type { Json, MisfitCode } from '@weft/contract';

import type { Graph } from '../graph/graph.ts';
import type { Progress, TaskProgress } from '../run/journal.ts';
import type { JoinRecord } from '../run/records.ts';

/** The pointer leads into the new version's document; where what is missed is not there, to what should hold it. */
export type Misfit = { code: MisfitCode; pointer: string; message: string };

/** A state key that was written: its value now, and whether that still builds on the default of its version. */
export type WrittenKey = { value: Json; onDefault: boolean };

/** A run and the version that it is to go on by. `progress` may be that of any of its checkpoints. */
export type Move = {
  from: Graph;
  to: Graph;
  progress: {
    head: Pick<Progress['head'], 'status' | 'failed' | 'jumps'>;
    tasks: ReadonlyMap<string, TaskProgress>;
    joins: ReadonlyMap<string, JoinRecord>;
  };
  written: ReadonlyMap<string, WrittenKey>;
};

export function nodePointer(name: string, ...path: string[]): string {
  return pointerOf(['nodes', name, ...path]);
}

/** Names in a message: the first of them, and how many more there are. */
export function namesText(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
