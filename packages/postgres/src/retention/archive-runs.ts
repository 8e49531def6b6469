/**
 * Archiving runs before they are deleted: each is a line of JSON with its rows by table. Rows are read in pieces, so that a
 * great run needs no more memory than a small one.
 */
import { uuidTimeMs } from '@weft/engine/domain';
import type { Archive } from '@weft/engine/ports';

import type { Session } from './session.ts';
import { BELONGINGS, runColumn } from './weeks.ts';

/** Said in every line, so that what reads it years later knows its shape. */
const FORMAT = 'weft.run.1';
const PIECE = 500;

export type ArchivedRun = { id: string; step: number };

/** Writes the runs into one provisional file, and gives its name. */
export async function archiveRuns(session: Session, archive: Archive, runs: readonly ArchivedRun[]): Promise<string> {
  const first = runs[0]?.id ?? '';
  const day = new Date(uuidTimeMs(first)).toISOString().slice(0, 10);
  // No two files have one name, or a later one would take the place of an earlier one.
  const name = `${day}/${first}-${crypto.randomUUID().slice(0, 8)}`;
  await archive.write(name, linesOf(session, runs));
  return name;
}

/** Makes final what is the only copy of its runs by now. Gives how many runs that are. */
export async function settleArchives(session: Session, archive: Archive, names: readonly string[]): Promise<number> {
  let runs = 0;
  for (const name of names) {
    runs += await archive.settle(name, async (runIds) => {
      const rows = await session.rows<{ id: string }>('select id from run where id = any($1::uuid[])', [[...runIds]]);
      return new Set(rows.map(({ id }) => id));
    });
  }
  return runs;
}

/** Of small runs so many are read at once; a greater one is read in pieces. */
const GROUP = 50;
const SMALL_STEPS = 300;

async function* linesOf(session: Session, runs: readonly ArchivedRun[]): AsyncGenerator<string, void> {
  const small = runs.filter(({ step }) => step <= SMALL_STEPS).map(({ id }) => id);
  for (let i = 0; i < small.length; i += GROUP) {
    const rows = await session.rows<{ line: string }>(SMALL_LINES, [small.slice(i, i + GROUP)]);
    yield rows.map(({ line }) => `${line}\n`).join('');
  }
  for (const { id, step } of runs) if (step > SMALL_STEPS) yield* wholeLine(session, id);
}

/** One snapshot for all tables of the run. */
async function* wholeLine(session: Session, runId: string): AsyncGenerator<string, void> {
  await session.rows('begin isolation level repeatable read read only');
  try {
    yield* lineOf(session, runId);
  } finally {
    await session.rows('commit');
  }
}

const LISTED = BELONGINGS.filter((table) => table !== 'run_body');

const SMALL_LINES = `select concat('{"id":"', r.id, '","format":"${FORMAT}","run":', row_to_json(r), ',"run_body":',
    coalesce((select row_to_json(b) from run_body b where b.run_id = r.id)::text, 'null'),
    ${LISTED.map((table) => `',"${table}":', ${listOf(table)}`).join(', ')}, '}') as line
  from run r where r.id = any($1::uuid[]) order by r.id`;

function listOf(table: string): string {
  const rows = `select json_agg(row_to_json(t) order by ${orderOf(table)}) from ${table} t where t.run_id = r.id`;
  return `coalesce((${rows})::text, '[]')`;
}

async function* lineOf(session: Session, runId: string): AsyncGenerator<string, void> {
  const [row] = await session.rows<{ run: string; body: string | null }>(
    `select row_to_json(r)::text as run, row_to_json(b)::text as body
      from run r left join run_body b on b.run_id = r.id where r.id = $1`,
    [runId],
  );
  if (!row) return;
  yield `{"id":"${runId}","format":"${FORMAT}","run":${row.run},"run_body":${row.body}`;
  for (const table of LISTED) {
    yield `,"${table}":[`;
    yield* rowsOf(session, table, runId);
    yield ']';
  }
  yield '}\n';
}

async function* rowsOf(session: Session, table: string, runId: string): AsyncGenerator<string, void> {
  const text = `select row_to_json(t)::text as line from ${table} t where t.${runColumn(table)} = '${runId}' order by ${orderOf(table)}`;
  await session.rows(`declare piece no scroll cursor for ${text}`);
  let isFirst = true;
  for (;;) {
    const rows = await session.rows<{ line: string }>(`fetch ${PIECE} from piece`);
    if (rows.length > 0) yield `${isFirst ? '' : ','}${rows.map(({ line }) => line).join(',')}`;
    isFirst = false;
    if (rows.length < PIECE) break;
  }
  await session.rows('close piece');
}

function orderOf(table: string): string {
  return table === 'step' || table === 'channel_write' ? 't.step' : 't.ctid';
}
