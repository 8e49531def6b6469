/**
 * npm run mutants -- [--only TEXT]
 *
 * Turns on each breakage of a safety net and shows what catches it; then each net by itself. Ends with 1 if a mutant survives, or
 * if a net does not hold alone.
 */
import { parseArgs } from 'node:util';

import { DRILLS, MUTANTS } from './mutants.ts';
import { trial } from './trial.ts';

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
const DRILL_SEEDS = 25;
let survivors = 0;

for (const { name, patches, catcher } of MUTANTS.filter((one) => one.name.includes(values.only))) {
  const caught = await trial(patches, catcher);
  tell(caught !== null, name, caught ?? 'SURVIVED');
}
for (const { net, faults, switchedOff, removed } of DRILLS.filter((one) => one.net.includes(values.only))) {
  const alone = await trial(switchedOff, { seeds: DRILL_SEEDS, faults });
  tell(alone === null, `${net}, alone`, alone ?? `holds for ${DRILL_SEEDS} seeds of ${faults.join(', ')}`);
  const without = await trial([...switchedOff, ...removed], { seeds: 10 * DRILL_SEEDS, faults });
  tell(without !== null, `not even ${net}`, without ?? 'SURVIVED');
}
process.exitCode = survivors > 0 ? 1 : 0;

function tell(isGood: boolean, what: string, why: string): void {
  if (!isGood) survivors += 1;
  process.stdout.write(`${isGood ? 'ok  ' : 'BAD '} ${what.padEnd(44)} ${why}\n`);
}
