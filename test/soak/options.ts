/** What a soak is asked for on the command line. */
import { parseArgs } from 'node:util';

export type SoakOptions = {
  minutes: number;
  seed: number;
  /** Runs that are under way at once. */
  clients: number;
  /** Where the report and, after a stall, the evidence go. */
  out: string;
  /** After what silence a worker is dead, ms. */
  deadAfterMs: number;
  /** No faults: the nets must then have nothing to repair. */
  calm: boolean;
};

const HELP = `npm run soak -- [--minutes 30] [--seed N] [--clients 24] [--dead-after-ms 5000] [--calm] [--out FOLDER]

Brings up a mesh of processes, floods it with programs of chance, injects faults, and checks that nothing was lost, doubled or
left standing. The same seed gives the same programs and the same schedule of faults.`;

/** Throws with one line for what is no option. Null where only help was asked for; it has been printed. */
export function readOptions(args: readonly string[]): SoakOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '30' },
      seed: { type: 'string' },
      clients: { type: 'string', default: '24' },
      'dead-after-ms': { type: 'string', default: '5000' },
      out: { type: 'string' },
      calm: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${HELP}\n`);
    return null;
  }
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : number('seed', values.seed, 0, 4_294_967_295);
  return {
    minutes: number('minutes', values.minutes, 0.1, 10_000),
    seed,
    clients: number('clients', values.clients, 1, 1000),
    deadAfterMs: number('dead-after-ms', values['dead-after-ms'], 2001, 600_000),
    out: values.out ?? `.weft/soak/${seed}`,
    calm: values.calm,
  };
}

function number(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text !== '' && value >= least && value <= most) return value;
  throw new Error(`--${name} must be a number from ${least} to ${most}, not ${JSON.stringify(text)}`);
}
