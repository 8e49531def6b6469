/**
 * Bounds what one evaluation of a CEL expression may cost: nested loops over large state would else run for hours.
 *
 * Every evaluated part of the expression costs one unit, and operators and functions cost what they read besides. The
 * bound is a count, not a time, so that an expression gives the same result on every machine.
 */
import type { ASTNode } from '@marcbachmann/cel-js';
import { childNodes } from './cel-references.ts';

/** Units one evaluation may spend: some tens of milliseconds. */
const MAX_UNITS = 1_000_000;

/** A string of this many characters counts as one unit. */
const CHARS_PER_UNIT = 16;

/** Functions on timestamps with a time zone take as long as this many units. */
const TIME_ZONE_UNITS = 1_000;

/** The error that stops an evaluation; without a stack, since loops that catch errors may raise it often. */
const EXHAUSTED = Object.assign(new Error(`it takes more than ${MAX_UNITS} steps`), { stack: '' });

/** The parts of cel-js' nodes that a meter hooks into: how a node is evaluated, and what its operator does. */
type Hooks = {
  meta: { evaluate: Evaluate; alternate?: unknown; macro?: unknown };
  setMeta(key: 'evaluate', evaluate: Evaluate): void;
  handle?: Handle;
};
type Evaluate = (evaluator: unknown, node: unknown, context: unknown) => unknown;
type Handle = (first: unknown, second: unknown, third: unknown, fourth: unknown) => unknown;

/** Counts the units of one expression's evaluations; one at a time. */
export class CelMeter {
  #left = 0;

  /** Hooks the meter into a checked expression that was not evaluated yet. */
  attach(ast: ASTNode): void {
    const open: ASTNode[] = [ast];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      this.#hook(node);
      open.push(...childNodes(node));
    }
  }

  /** Begins an evaluation. */
  reset(): void {
    this.#left = MAX_UNITS;
  }

  /** Throws if the last evaluation went over the bound, also when the expression itself caught that. */
  settle(): void {
    if (this.#left < 0) throw EXHAUSTED;
  }

  #spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw EXHAUSTED;
  }

  #hook(node: ASTNode): void {
    const hooks = node as unknown as Hooks;
    if (hooks.meta.alternate !== undefined || hooks.meta.macro !== undefined) return;
    const { evaluate } = hooks.meta;
    hooks.setMeta('evaluate', (evaluator, self, context) => {
      this.#spend(1);
      return evaluate(evaluator, self, context);
    });
    const weigh = weigherOf(node);
    const { handle } = hooks;
    if (weigh === undefined || handle === undefined) return;
    hooks.handle = (first, second, third, fourth) => {
      this.#spend(weigh(first, second));
      return handle(first, second, third, fourth);
    };
  }
}

type Weigher = (first: unknown, second: unknown) => number;

function weigherOf(node: ASTNode): Weigher | undefined {
  switch (node.op) {
    case '==':
    case '!=':
      return (left, right) => Math.min(deepWeight(left), deepWeight(right));
    case 'in':
      return (left, right) => (Array.isArray(right) ? right.length * (1 + deepWeight(left)) : 0);
    case '+':
      return (left, right) => flatWeight(left) + flatWeight(right);
    case 'call':
      return (args) => argumentsWeight(args);
    case 'rcall':
      return node.args[0].startsWith('get') && node.args[2].length > 0
        ? () => TIME_ZONE_UNITS
        : (args) => argumentsWeight(args);
    default:
      return undefined;
  }
}

function argumentsWeight(args: unknown): number {
  let weight = 0;
  for (const arg of args as unknown[]) weight += flatWeight(arg);
  return weight;
}

function flatWeight(value: unknown): number {
  if (typeof value === 'string') return value.length / CHARS_PER_UNIT;
  return Array.isArray(value) ? value.length : 0;
}

/** How many values there are in `value`, as far as the bound. */
function deepWeight(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let weight = 0;
  const open: object[] = [value];
  for (let next = open.pop(); next !== undefined && weight <= MAX_UNITS; next = open.pop()) {
    for (const child of Object.values(next)) {
      weight++;
      if (typeof child === 'object' && child !== null) open.push(child);
    }
  }
  return weight;
}
