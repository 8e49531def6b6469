/** Judges a soak: what clients were promised and saw, against what the database holds and what executors wrote down. */
import type { History } from './history.ts';
import type { Effect, SeenRun, SeenTask } from './observed.ts';

export type ViolationKind =
  /** Accepted and not there, or ended with less than its tasks have counted. */
  | 'lost'
  /** Two runs for one key, or an outcome that counted twice. */
  | 'doubled'
  /** Has not ended though nothing disturbs it. */
  | 'stuck'
  /** Ended as no fault explains. */
  | 'wrong end'
  | 'journal gap'
  | 'stream gap'
  /** Committed, and no executor has done it; or of an attempt that was not the current one. */
  | 'false commit'
  /** A task was given what was never committed, or began before it was. */
  | 'false input';

export type Violation = { kind: ViolationKind; run: string; what: string };

export type Judged = {
  history: Pick<History, 'calls' | 'followed' | 'promised'>;
  runs: readonly SeenRun[];
  tasks: readonly SeenTask[];
  effects: readonly Effect[];
};

export type Verdict = {
  violations: Violation[];
  /** Calls of executors beyond one for each task that was run: what at-least-once means. */
  repeated: number;
  /** Calls that were done and did not count, since another attempt of the task did. */
  overtaken: number;
  /** Runs that failed since their task was the third time in a process that was killed. */
  poisonedByChance: number;
};

const ENDED = new Set(['succeeded', 'failed', 'cancelled']);
/** Crashes that a task may have before it is taken for what causes them. */
const MOST_CRASHES = 3;

export function check(judged: Judged): Verdict {
  const byId = new Map(judged.runs.map((run) => [run.id, run]));
  const poisoned = poisonedRuns(judged);
  return {
    violations: [
      ...ofStarts(judged, byId),
      ...ofEnds(judged, byId, poisoned),
      ...judged.runs.flatMap(ofJournal),
      ...ofStreams(judged, byId),
      ...ofCommits(judged),
    ],
    repeated: judged.effects.filter(({ what }) => what === 'began').length - tasksBegun(judged.effects),
    overtaken: overtaken(judged),
    poisonedByChance: judged.history.promised.filter(({ runId, kind }) => kind !== 'poison' && poisoned.has(runId))
      .length,
  };
}

function tasksBegun(effects: readonly Effect[]): number {
  return new Set(effects.filter(({ what }) => what === 'began').map(({ taskId }) => taskId)).size;
}

function overtaken({ tasks, effects }: Judged): number {
  const committed = new Map(tasks.filter(({ call }) => call !== null).map(({ id, call }) => [id, call]));
  return effects.filter(({ what, taskId, call }) => what === 'done' && (committed.get(taskId) ?? call) !== call).length;
}

/** What was answered is there; one key, one run. */
function ofStarts({ history, runs }: Judged, byId: ReadonlyMap<string, SeenRun>): Violation[] {
  const violations: Violation[] = [];
  const told = new Map<string, string>();
  for (const { what, outcome, runId, key = '', code } of history.calls) {
    if (outcome === 'refused' && what.startsWith('start')) {
      violations.push({ kind: 'lost', run: key, what: `a start was refused: ${code}` });
    }
    if (outcome !== 'ok' || runId === undefined) continue;
    if (!byId.has(runId))
      violations.push({ kind: 'lost', run: runId, what: `${what} was answered, and it is not there` });
    const name = what.startsWith('start') ? key : `${what} ${key}`;
    const known = told.get(name);
    if (known !== undefined && known !== runId) {
      violations.push({ kind: 'doubled', run: runId, what: `the key ${key} gave ${known} before` });
    }
    told.set(name, runId);
  }
  for (const [key, ofKey] of Map.groupBy(runs, (run) => run.key)) {
    if (key === null || ofKey.length === 1) continue;
    violations.push({ kind: 'doubled', run: ofKey[0]?.id ?? '', what: `${ofKey.length} runs have the key ${key}` });
  }
  return violations;
}

function poisonedRuns({ runs, tasks }: Judged): Set<string> {
  const crashed = new Set(tasks.filter(({ crashes }) => crashes >= MOST_CRASHES).map(({ run }) => run));
  return new Set(runs.filter(({ id, error }) => error === 'poison' && crashed.has(id)).map(({ id }) => id));
}

function ofEnds(
  { history, runs, tasks }: Judged,
  byId: ReadonlyMap<string, SeenRun>,
  poisoned: ReadonlySet<string>,
): Violation[] {
  const stuck = runs
    .filter(({ status }) => !ENDED.has(status))
    .map(({ id, status }): Violation => ({ kind: 'stuck', run: id, what: `it is ${status}` }));
  const failed = Map.groupBy(
    tasks.filter(({ status, superseded }) => status === 'failed' && !superseded),
    ({ run }) => run,
  );
  const wrong = history.promised.flatMap(({ runId, expect, kind }): Violation[] => {
    const run = byId.get(runId);
    if (!run || !ENDED.has(run.status) || poisoned.has(runId)) return [];
    const isPoisonedChild = kind === 'child' && run.error === 'child_failed' && poisoned.size > 0;
    if (isPoisonedChild) return [];
    const { status, error } = run;
    if (!expect.ends.some((end) => end === status) || (status === 'failed' && error !== expect.code)) {
      return [
        { kind: 'wrong end', run: runId, what: `${kind} is ${status} ${error ?? ''}, not ${expect.ends.join(' or ')}` },
      ];
    }
    return status === 'succeeded' ? ofTotal(run, expect.total, failed.get(runId) ?? []) : [];
  });
  return [...stuck, ...wrong];
}

/** An item of a send whose worker was killed under it for the third time does not count, and its run goes on without it. */
function ofTotal(
  { id, total, calls }: SeenRun,
  expected: number | undefined,
  failed: readonly SeenTask[],
): Violation[] {
  const violations: Violation[] = [];
  const poisoned = failed.filter(({ error, crashes }) => error === 'poison' && crashes >= MOST_CRASHES).length;
  if (expected !== undefined && total !== expected - poisoned) {
    const kind = (total ?? 0) < expected - poisoned ? 'lost' : 'doubled';
    const unplanned = failed.filter(({ error }) => error !== 'planned').map(({ key, error }) => `${key} ${error}`);
    const what = `its tasks count ${total}, not ${expected - poisoned}; failed: ${unplanned.slice(0, 5).join(', ') || 'none'}`;
    violations.push({ kind, run: id, what });
  }
  const twice = (calls ?? []).filter((call, index, all) => all.indexOf(call) !== index);
  if (twice.length > 0) violations.push({ kind: 'doubled', run: id, what: `the call ${twice[0]} counts twice` });
  return violations;
}

function ofJournal({ id, steps, firstStep, lastStep, headStep, forkedStep, isForked }: SeenRun): Violation[] {
  const first = (isForked ? (forkedStep ?? 0) : 0) + 1;
  if (firstStep === first && lastStep === headStep && steps === lastStep - firstStep + 1) return [];
  return [
    {
      kind: 'journal gap',
      run: id,
      what: `${steps} steps from ${firstStep} to ${lastStep}, the head says ${headStep}`,
    },
  ];
}

/** Each step once and in order, up to the end that was told. */
function ofStreams({ history }: Judged, byId: ReadonlyMap<string, SeenRun>): Violation[] {
  return history.followed.flatMap(({ runId, by, steps, end }): Violation[] => {
    const at = steps.findIndex((step, index) => step !== index + 1);
    if (at >= 0)
      return [{ kind: 'stream gap', run: runId, what: `${by} brought step ${steps[at]} in place of ${at + 1}` }];
    if (end !== null && steps.length !== end.step) {
      return [{ kind: 'stream gap', run: runId, what: `${by} ended at step ${end.step} and brought ${steps.length}` }];
    }
    const last = byId.get(runId)?.lastStep ?? 0;
    if (steps.length <= last) return [];
    return [
      { kind: 'stream gap', run: runId, what: `${by} brought step ${steps.length}, and the journal ends with ${last}` },
    ];
  });
}

function ofCommits({ tasks, effects, runs }: Judged): Violation[] {
  const done = new Map(effects.filter(({ what }) => what === 'done').map((effect) => [effect.call, effect]));
  const forked = new Set(runs.filter(({ isForked }) => isForked).map(({ id }) => id));
  const violations: Violation[] = [];
  const owner = new Map<string, SeenTask>();
  for (const task of tasks) {
    if (task.call === null) continue;
    const effect = done.get(task.call);
    const wrong = (what: string): void => void violations.push({ kind: 'false commit', run: task.run, what });
    if (!effect) wrong(`${task.key} committed the call ${task.call}, which nobody has done`);
    const other = owner.get(task.call);
    if (!other) owner.set(task.call, task);
    // A fork holds what its origin has committed, under ids of its own.
    if (forked.has(task.run) || (other && forked.has(other.run))) continue;
    if (other) {
      violations.push({ kind: 'doubled', run: task.run, what: `${task.key} and ${other.key} committed one call` });
    }
    if (effect && effect.taskId !== task.id) wrong(`${task.key} committed a call of another task`);
    if (effect && effect.taskId === task.id && effect.attempt !== task.attempt) {
      wrong(`${task.key} committed attempt ${effect.attempt}, and its attempt is ${task.attempt}`);
    }
  }
  return [...violations, ...ofInputs({ effects, done, committed: owner })];
}

type Inputs = {
  effects: readonly Effect[];
  done: ReadonlyMap<string, Effect>;
  committed: ReadonlyMap<string, SeenTask>;
};

function ofInputs({ effects, done, committed }: Inputs): Violation[] {
  return effects.flatMap(({ what, after, at, taskId, attempt }) => {
    if (what !== 'began') return [];
    return after.flatMap((call): Violation[] => {
      const run = committed.get(call)?.run;
      if (run === undefined) {
        return [
          {
            kind: 'false input',
            run: taskId,
            what: `attempt ${attempt} was given the call ${call}, which no task committed`,
          },
        ];
      }
      if ((done.get(call)?.at ?? 0) <= at) return [];
      return [
        { kind: 'false input', run, what: `attempt ${attempt} of ${taskId} began before its input ${call} was made` },
      ];
    });
  });
}
