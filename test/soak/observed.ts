/** What is there after a soak: runs and tasks as the database has them, and what executors wrote down. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { LiveDatabase } from './live-database.ts';

export type SeenRun = {
  id: string;
  status: string;
  /** The key that it was started under by a client, if any. */
  key: string | null;
  error: string | null;
  total: number | null;
  calls: string[] | null;
  /** Its journal: how many steps, the first and the last, and what the head says. */
  steps: number;
  firstStep: number;
  lastStep: number;
  headStep: number;
  forkedStep: number | null;
  isForked: boolean;
};

export type SeenTask = {
  run: string;
  id: string;
  key: string;
  status: string;
  attempt: number;
  crashes: number;
  /** Its run has gone back to before it, and counts it no more. */
  superseded: boolean;
  /** Why it failed, if it has. */
  error: string | null;
  /** The number of the call that was committed. */
  call: string | null;
};

/** A line of an effect log. `at`: microseconds of the machine's monotonic clock. */
export type Effect = {
  what: 'began' | 'done';
  call: string;
  taskId: string;
  attempt: number;
  at: number;
  pid: number;
  after: string[];
};

export function readRuns(database: LiveDatabase): Promise<SeenRun[]> {
  return database.rows<SeenRun>(`select r.id::text, r.status, i.key, b.error->>'code' as error,
      (b.output->>'total')::float as total, b.output->'calls' as calls, s.n::int as steps, s.low as "firstStep",
      s.high as "lastStep", r.step as "headStep", r.forked_step as "forkedStep", r.forked_run is not null as "isForked"
    from run r
    join run_body b on b.run_id = r.id
    left join idempotency i on i.run_id = r.id and i.key ~ '^soak-[0-9]+-[0-9]+$'
    cross join lateral (select count(*) as n, min(step) as low, max(step) as high from step where run_id = r.id) as s`);
}

export function readTasks(database: LiveDatabase): Promise<SeenTask[]> {
  return database.rows<SeenTask>(`select run_id::text as run, id::text, key, status, attempt, crashes, superseded,
      error->>'code' as error,
      case when json_typeof(output) = 'object' then output->>'call' end as call
    from task where lane is not null`);
}

export function readEffects(folder: string): Effect[] {
  return readdirSync(folder).flatMap((name) => {
    const lines = readFileSync(join(folder, name), 'utf8').split('\n');
    // A process that was killed while it wrote leaves half a line, and only as its last.
    return lines.flatMap((line, index) => parsed(line, index === lines.length - 1));
  });
}

function parsed(line: string, isLast: boolean): Effect[] {
  if (line === '') return [];
  try {
    return [JSON.parse(line) as Effect];
  } catch (error) {
    if (isLast) return [];
    throw error;
  }
}
