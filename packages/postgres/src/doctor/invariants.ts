/** What must hold of every run: of all of them, or of the newest where they are many. */
import type { Finding } from '@weft/contract';

import { invariantsFrom, placeOf } from '../queries/invariants.ts';
import type { BrokenPlace } from '../queries/invariants.ts';
import type { Check } from './examination.ts';
import { placesOf } from './examination.ts';

/** Runs looked at: some seconds' work. */
const MOST_RUNS = 10_000;
const EVERY_RUN = '00000000-0000-0000-0000-000000000000';
const ADVICE = 'this is a defect of Weft or of what was done to its tables: keep the database as it is and report it';

export const invariants: Check = {
  name: 'invariants',
  async look({ ask }) {
    const check = 'invariants';
    const [oldest] = await ask<{ id: string }>('select id::text from run order by id desc offset $1 limit 1', [
      MOST_RUNS - 1,
    ]);
    const from = oldest?.id ?? EVERY_RUN;
    const of = oldest ? `the newest ${MOST_RUNS} runs` : 'every run';
    const findings: Finding[] = [];
    const late: string[] = [];
    const all = invariantsFrom();
    for (const { name, sql } of all) {
      const broken = await ask<BrokenPlace>(sql, [from]).catch(lateOr(() => late.push(name)));
      if (broken.length === 0) continue;
      findings.push({
        check,
        level: 'error',
        what: `not so: ${name}`,
        where: placesOf(broken.map(placeOf)),
        advice: ADVICE,
      });
    }
    if (late.length > 0) {
      const advice = 'ask again when the database is less busy';
      findings.push({ check, level: 'warn', what: 'some invariants took too long', where: placesOf(late), advice });
    }
    return findings.length > 0 ? findings : { check, level: 'ok', what: `${all.length} invariants hold of ${of}` };
  },
};

const TIMED_OUT = '57014';

function lateOr(note: () => void): (error: unknown) => BrokenPlace[] {
  return (error) => {
    if (!(error instanceof Error && 'code' in error && error.code === TIMED_OUT)) throw error;
    note();
    return [];
  };
}
