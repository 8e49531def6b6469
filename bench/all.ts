/**
 * Every bench of the mesh, one after another, each keeping its page in bench/results. Flags are passed on to all of them; a
 * full measurement takes about an hour and wants the machine for itself.
 *
 *     node bench/all.ts [--only compare,latency] [--scale 1] [--pairs 7] [--seconds 10]
 *     node bench/all.ts --dry    prints the pages and keeps none
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const BENCHES = [
  'compare',
  'latency',
  'submit',
  'real',
  'backlog',
  'scaling',
  'graphs',
  'language',
  'superstep',
  'travel',
  'flood',
];

/** Longer than any of them takes. */
const LIMIT_MS = 90 * 60_000;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: BENCHES.join(',') },
    dry: { type: 'boolean', default: false },
    scale: { type: 'string' },
    pairs: { type: 'string' },
    seconds: { type: 'string' },
  },
});
const flags = [
  ...(['scale', 'pairs', 'seconds'] as const).flatMap((name) =>
    values[name] === undefined ? [] : [`--${name}`, values[name]],
  ),
  ...(values.dry ? [] : ['--write']),
];

const failed: string[] = [];
for (const name of values.only.split(',')) {
  console.log(`\n== ${name} ==`);
  const file = fileURLToPath(new URL(`${name}.bench.ts`, import.meta.url));
  const child = spawn(process.execPath, [file, ...flags], { stdio: 'inherit', timeout: LIMIT_MS });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.error(`these benches have failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
