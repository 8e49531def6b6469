/**
 * Writes what was decided: one statement a table for all runs of a transaction, sent without waiting for each other.
 *
 * Rows travel as one array a column and are put together by `unnest`, which costs the same for one row and for a thousand
 * and has no bound on parameters.
 */
import type { Client } from '../connection.ts';
import type { Decision, PlannedRun, Tagged } from './planned-run.ts';
import { deleteTimers, insertChunks, insertUsage, upsertTimers } from './write-aside.ts';
import { sendBranches } from './write-branch.ts';
import { isWorthWriting, updateBodies } from './write-heads.ts';
import { insertSteps, insertWrites, upsertJoins } from './write-journal.ts';
import { deleteMail, insertMail, keepMail, takeMail } from './write-mail.ts';
import { closeTasks, insertTasks, takeBackTasks, updateTasks, writeLetters } from './write-tasks.ts';

/** The rows of all decisions, each with its run. */
type RowsOf = <Row>(of: (decision: Decision) => readonly Row[]) => Tagged<Row>[];

/** Sends all statements for these runs except that for their heads. Returns the answers to wait for. */
export function sendPlans(client: Client, runs: readonly PlannedRun[]): Promise<unknown>[] {
  const rows: RowsOf = (of) => runs.flatMap((run) => of(run.plan.decision).map((row) => ({ run, row })));
  const armed = rows((decision) => decision.tasks.filter((task) => decision.armed.has(task.key)));
  const changed = rows((decision) => decision.tasks.filter((task) => !decision.armed.has(task.key)));
  const ending = rows((decision) => (isWorthWriting(decision) ? [decision] : []));
  const closing = runs.filter(({ plan }) => plan.decision.closes);
  // A task that is taken back may be armed again, and a timer that is cleared may be set again: deletes come first.
  return [
    sendBranches(client, runs),
    takeBackTasks(client, runs),
    insertTasks(client, armed),
    updateTasks(client, changed),
    writeLetters(
      client,
      rows((decision) => decision.letters),
    ),
    upsertJoins(
      client,
      rows((decision) => decision.joins),
    ),
    insertSteps(
      client,
      rows((decision) => decision.steps),
    ),
    insertWrites(
      client,
      rows((decision) => decision.writes),
    ),
    deleteTimers(
      client,
      rows((decision) => decision.timersCleared),
    ),
    upsertTimers(
      client,
      rows((decision) => decision.timersSet),
    ),
    insertUsage(
      client,
      rows((decision) => decision.usage),
    ),
    insertChunks(
      client,
      rows((decision) => decision.chunks),
    ),
    sendMail(client, runs, rows),
    updateBodies(client, ending),
    closeTasks(client, closing),
  ].flat();
}

function sendMail(client: Client, runs: readonly PlannedRun[], rows: RowsOf): Promise<unknown>[] {
  return [
    insertMail(client, runs),
    keepMail(
      client,
      rows((decision) => decision.keptMail),
    ),
    deleteMail(
      client,
      rows((decision) => decision.consumedMail),
    ),
    takeMail(
      client,
      rows((decision) => decision.takenMail),
    ),
  ].flat();
}
