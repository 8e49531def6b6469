/** What a working run comes to: the rows to write, and what follows after the commit. */
import { consumedMail } from './mail.ts';
import type { Decision } from './records.ts';
import type { WorkingRun } from './working-run.ts';

export function toDecision(run: WorkingRun, applied: boolean[]): Decision {
  const { head, steps, state, usage, ending, armed, takenBack, sentMail, keptMail, takenMail, chunks } = run;
  return {
    head,
    steps,
    tasks: pick(run.tasks, run.changedTasks),
    armed,
    takenBack,
    joins: pick(run.joins, run.changedJoins),
    writes: [...state.writes, ...state.compactions],
    timersSet: Array.from(run.timersSet.values()),
    timersCleared: Array.from(run.timersCleared.values()),
    usage,
    sentMail,
    keptMail,
    chunks,
    letters: pick(run.tasks, run.letters).map(({ key, epoch, letter }) => ({ key, epoch, letter })),
    consumedMail: consumedMail(run),
    takenMail,
    ending,
    ready: pick(run.tasks, run.ready),
    applied,
    closes: run.hasEnded && run.snapshot.mail.some((mail) => mail.kind === 'close'),
    goesOn: goesOn(run),
    branch: null,
  };
}

function pick<Row>(rows: ReadonlyMap<string, Row>, keys: Iterable<string>): Row[] {
  const picked: Row[] = [];
  for (const key of keys) {
    const row = rows.get(key);
    if (row) picked.push(row);
  }
  return picked;
}

/** What was left over by an earlier transaction is loaded in part only: there may be more of it. */
function goesOn(run: WorkingRun): boolean {
  return !run.hasEnded && (run.inline.length > 0 || run.snapshot.inline.length > 0);
}
