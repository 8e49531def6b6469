import { runSeed } from './run-seed.ts';
const from = Number(process.argv[2] ?? 1),
  count = Number(process.argv[3] ?? 10);
const t0 = performance.now();
let calls = 0;
for (let seed = from; seed < from + count; seed++) {
  const r = await runSeed(seed);
  calls += r.calls;
  if (count <= 20)
    console.log(seed, r.hash, r.calls, Math.round(r.ms), r.runs, r.faults, Math.round(performance.now() - t0));
  if (r.violations.length) {
    console.log('FAIL', seed, r.faults, r.violations.slice(0, 2).join('\n').slice(0, 1500));
    if (process.argv[4]) {
      console.log(r.trace.join('\n'));
      break;
    }
  }
}
console.log('done', count, calls, performance.now() - t0);
