/** Reads what the processes log: what their nets caught, and errors that no fault explains. */

export type Caught = { refused: number; offers: number; stranded: number; neglected: number; deadWorkers: number };

export type LogWatch = {
  take(place: string, line: string): void;
  /** What the nets of all processes have caught together. */
  caught(): Caught;
  /** Messages of level error, each with how often it came. */
  errors(): Record<string, number>;
  /** The last lines of all processes. */
  tail(): string[];
};

type Line = Partial<Caught> & { level?: number; msg?: string; pid?: number; err?: { message?: string } };

const ERROR = 50;
const KEPT = 400;
const NETS = ['refused', 'offers', 'stranded', 'neglected', 'deadWorkers'] as const;

export function watchLogs(): LogWatch {
  const byProcess = new Map<string, Caught>();
  const errors = new Map<string, number>();
  const tail: string[] = [];
  return {
    take(place, text) {
      tail.push(`${place} ${text}`);
      if (tail.length > KEPT) tail.shift();
      const line = parsed(text);
      // The counters of a process count from its start: the newest line of each is its sum.
      if (line.msg === 'caught') byProcess.set(`${place} ${line.pid}`, caughtOf(line));
      if ((line.level ?? 0) < ERROR) return;
      const said = `${line.msg}: ${line.err?.message ?? ''}`.slice(0, 200);
      errors.set(said, (errors.get(said) ?? 0) + 1);
    },
    caught() {
      const all = [...byProcess.values()];
      const sum = (net: keyof Caught): number => all.reduce((total, one) => total + one[net], 0);
      return caughtOf(Object.fromEntries(NETS.map((net) => [net, sum(net)])));
    },
    errors: () => Object.fromEntries(errors),
    tail: () => [...tail],
  };
}

function caughtOf(line: Partial<Caught>): Caught {
  const { refused = 0, offers = 0, stranded = 0, neglected = 0, deadWorkers = 0 } = line;
  return { refused, offers, stranded, neglected, deadWorkers };
}

function parsed(text: string): Line {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return {};
  }
}
