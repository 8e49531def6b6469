/**
 * Graphs and run times like those of published traces of scientific workflows (Montage: mosaics of the sky; Epigenomics:
 * gene sequences; Cycles: models of farmland), small: the same stages, the same kinds of joins, lognormal times.
 */
import { lognormal, seeded } from './random.ts';

export type TraceTask = { name: string; ms: number; needs: string[] };
export type Trace = { name: string; tasks: TraceTask[] };

type Add = (name: string, median: number, sigma: number, needs?: string[]) => string;

/** Times are in parts of the longest stage; whoever runs it scales them. */
function traceOf(name: string, seed: number, build: (add: Add) => void): Trace {
  const random = seeded(seed);
  const tasks: TraceTask[] = [];
  build((task, median, sigma, needs = []) => {
    tasks.push({ name: task, ms: lognormal(random, median, sigma), needs });
    return task;
  });
  return { name, tasks };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Many short differences of neighbouring images, one model of all, a correction of each image, one sum. */
function montage(images: number): Trace {
  return traceOf('montage', 1, (add) => {
    const projected = upTo(images).map((n) => add(`project${n}`, 1, 0.2));
    const differences = upTo(images).flatMap((n) =>
      [1, 2].map((step) =>
        add(`diff${n}-${step}`, 0.4, 0.3, [`project${n}`, projected[(n + step) % images] ?? 'project0']),
      ),
    );
    const fit = add('concat', 0.6, 0.1, differences);
    const model = add('model', 1.2, 0.1, [fit]);
    const corrected = upTo(images).map((n) => add(`background${n}`, 0.5, 0.3, [model, `project${n}`]));
    const table = add('table', 0.3, 0.1, corrected);
    add('view', 0.4, 0.1, [add('sum', 1.5, 0.1, [table])]);
  });
}

/** Chains of four that do not know of each other, the last of which is long; then they are joined in two stages. */
function epigenomics(lanes: number, chunks: number): Trace {
  return traceOf('epigenomics', 2, (add) => {
    const merged = upTo(lanes).map((lane) => {
      const split = add(`split${lane}`, 0.4, 0.2);
      const mapped = upTo(chunks).map((n) => {
        const filtered = add(`filter${lane}-${n}`, 0.3, 0.4, [split]);
        const converted = add(`convert${lane}-${n}`, 0.1, 0.3, [filtered]);
        return add(`map${lane}-${n}`, 1.5, 0.5, [add(`pack${lane}-${n}`, 0.1, 0.3, [converted])]);
      });
      return add(`merge${lane}`, 0.4, 0.2, mapped);
    });
    add('pileup', 0.6, 0.1, [add('index', 0.4, 0.1, [add('mergeAll', 0.5, 0.1, merged)])]);
  });
}

/** For each point of the land a base run, runs that need it and runs that need those, and summaries. */
function cycles(points: number, crops: number): Trace {
  return traceOf('cycles', 3, (add) => {
    const summaries = upTo(points).map((point) => {
      const base = add(`base${point}`, 0.8, 0.2);
      const parsed = upTo(crops).map((crop) => {
        const grown = add(`grow${point}-${crop}`, 1, 0.3, [base]);
        const fertilized = add(`fertilize${point}-${crop}`, 1, 0.3, [grown]);
        return add(`parse${point}-${crop}`, 0.1, 0.2, [grown, fertilized]);
      });
      return add(`summary${point}`, 0.2, 0.2, parsed);
    });
    add('plots', 0.5, 0.1, summaries);
  });
}

export function traces(): Trace[] {
  return [montage(40), epigenomics(4, 12), cycles(8, 8)];
}
