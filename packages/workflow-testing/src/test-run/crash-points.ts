import type { RunRows } from '../rows/run-rows.ts';

const SETTLED: ReadonlySet<string> = new Set(['task_succeeded', 'task_failed', 'answered', 'signal']);

/** When all processes are to die: after steps of the run, or when nodes have settled. Each point counts once. */
export class CrashPoints {
  readonly #steps: number[];
  readonly #nodes = new Set<string>();
  #seen = 0;

  constructor(steps: number | readonly number[]) {
    this.#steps = (typeof steps === 'number' ? [steps] : [...steps]).toSorted((a, b) => a - b);
  }

  addNode(name: string): void {
    this.#nodes.add(name);
  }

  /** Whether a point was reached since it was asked last. */
  isDue({ steps, head }: RunRows): boolean {
    const fresh = steps.slice(this.#seen);
    this.#seen = head.step;
    const reached = this.#steps.filter((step) => step <= head.step).length;
    this.#steps.splice(0, reached);
    const settled = fresh.filter(({ type, node }) => node !== null && SETTLED.has(type) && this.#nodes.delete(node));
    return reached + settled.length > 0;
  }
}
