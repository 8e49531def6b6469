/** What all runs of a test share: the mesh, its time, and what is under way. */
import type { WorkflowDocument } from '@weft/contract';

import { createChance } from '../mesh/chance.ts';
import { Mesh } from '../mesh/mesh.ts';
import { createVirtualClock } from '../mesh/virtual-clock.ts';
import type { ScriptTable } from '../script/script-table.ts';
import { WorkflowTestError } from '../test-error.ts';
import type { Action, Agenda, Due } from './agenda.ts';
import { Attempts } from './attempts.ts';
import type { UnscriptedPlays } from './executors.ts';
import type { WorkflowTestOptions } from './options.ts';
import { Performer } from './performer.ts';
import { ReadyAnswers } from './questions.ts';
import { StandIns } from './stand-ins.ts';
import type { RecordedPlays, World } from './world.ts';

export type DriverParts = {
  document: WorkflowDocument;
  children: readonly WorkflowDocument[];
  scripts: ScriptTable;
  unscripted: UnscriptedPlays;
  options: WorkflowTestOptions;
  replay?: Replay;
};

/** A run that is played again as it was recorded: under its id, in its order. */
export type Replay = {
  runId: string;
  recorded: RecordedPlays;
  /** Which of the things that could happen now comes next; null where the recording knows of none of them. */
  next(agenda: Agenda): Due | null;
};

export type Stage = {
  readonly world: World;
  readonly attempts: Attempts;
  readonly answers: ReadyAnswers;
  /** The instant at which the test begins, epoch ms. */
  readonly startedAt: number;
  actions: Action[];
  /** How many things have happened. */
  events: number;
};

const START = Date.UTC(2026, 0, 1);

export function setStage({ document, children, scripts, unscripted, options, replay }: DriverParts): Stage {
  const clock = createVirtualClock(toInstant(options.now ?? START), createChance(options.seed ?? 0));
  const startedAt = clock.now();
  const world: World = {
    mesh: new Mesh({ clock, standIn: (request) => standIns.replaces(request) }),
    clock,
    chance: options.seed === undefined ? null : createChance(options.seed),
    documents: [document, ...children],
    scripts,
    unscripted,
    recorded: replay?.recorded ?? null,
    performer: new Performer(clock, options),
    elapsed: () => clock.now() - startedAt,
  };
  const standIns = new StandIns(world);
  const attempts = new Attempts(world, standIns);
  return { world, attempts, answers: new ReadyAnswers(), startedAt, actions: [], events: 0 };
}

function toInstant(now: number | string | Date): number {
  const instant = typeof now === 'number' ? now : new Date(now).getTime();
  if (Number.isFinite(instant)) return instant;
  throw new WorkflowTestError('bad_option', `now: ${JSON.stringify(now)} is no instant`);
}
