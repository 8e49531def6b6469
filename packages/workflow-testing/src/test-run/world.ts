/** What the parts of a test work with together. */
import type { WorkflowDocument } from '@weft/contract';

import type { Chance } from '../mesh/chance.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { VirtualClock } from '../mesh/virtual-clock.ts';
import type { Play } from '../script/play.ts';
import type { ScriptTable } from '../script/script-table.ts';
import type { UnscriptedPlays } from './executors.ts';
import type { Performer } from './performer.ts';

export type RecordedPlays = { next(key: string): Play | null };

export type World = {
  readonly mesh: Mesh;
  readonly clock: VirtualClock;
  /** Null: what ends at the same instant ends in the order in which it began. */
  readonly chance: Chance | null;
  readonly documents: readonly WorkflowDocument[];
  readonly scripts: ScriptTable;
  readonly unscripted: UnscriptedPlays;
  /** Of a run that is replayed: what its attempts did, by their tasks. It goes before every script. */
  readonly recorded: RecordedPlays | null;
  readonly performer: Performer;
  /** Virtual time since the start of the run, ms. */
  elapsed: () => number;
};
