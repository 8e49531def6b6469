/** Says which invariants of the database at DATABASE_URL are broken, a line each; exit status 1 if any is. */
import { checkInvariants } from '../packages/postgres/src/index.ts';

const broken = await checkInvariants(process.env['DATABASE_URL'] ?? '');
for (const line of broken) console.log(line);
console.log(`${broken.length} invariants broken`);
process.exitCode = broken.length === 0 ? 0 : 1;
