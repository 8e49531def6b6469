/**
 * The CEL of conditions (rule B11): the five roots as dynamic values, numbers as doubles.
 *
 * JSON has doubles only while CEL's literals are ints, so the operators and functions that mix both are added. Among ints
 * alone CEL's own rules hold (`5 / 2` is 2, `5.0 / 2` is 2.5).
 */
import { Environment } from '@marcbachmann/cel-js';

/** Longest source of a condition, in characters. */
export const MAX_SOURCE_LENGTH = 10_000;

const LIMITS = { maxAstNodes: 1_000, maxDepth: 64, maxListElements: 256, maxMapEntries: 256, maxCallArguments: 16 };

type Numeric = number | bigint;

/** The environment that compiles every condition. */
export const celEnvironment = createEnvironment();

function createEnvironment(): Environment {
  const environment = new Environment({ homogeneousAggregateLiterals: false, limits: LIMITS });
  for (const root of ['input', 'state', 'nodes', 'item', 'config']) environment.registerVariable(root, 'dyn');
  for (const [left, right] of [
    ['double', 'int'],
    ['int', 'double'],
  ]) {
    environment.registerOperator(`${left} + ${right}: double`, (a: Numeric, b: Numeric) => Number(a) + Number(b));
    environment.registerOperator(`${left} - ${right}: double`, (a: Numeric, b: Numeric) => Number(a) - Number(b));
    environment.registerOperator(`${left} * ${right}: double`, (a: Numeric, b: Numeric) => Number(a) * Number(b));
    environment.registerOperator(`${left} / ${right}: double`, (a: Numeric, b: Numeric) => Number(a) / Number(b));
    environment.registerOperator(`${left} % ${right}: double`, (a: Numeric, b: Numeric) => Number(a) % Number(b));
  }
  environment.registerOperator('double % double: double', (a: number, b: number) => a % b);
  registerStringFunctions(environment);
  return environment;
}

/** Positions computed from JSON numbers are doubles; CEL has these functions for ints only. */
function registerStringFunctions(environment: Environment): void {
  environment.registerFunction('string.substring(double): string', (text: string, start: number) =>
    substring(text, start, text.length),
  );
  for (const types of ['double, double', 'double, int', 'int, double']) {
    environment.registerFunction(`string.substring(${types}): string`, (text: string, start: Numeric, end: Numeric) =>
      substring(text, Number(start), Number(end)),
    );
  }
}

function substring(text: string, start: number, end: number): string {
  if (start < 0 || end < start || end > text.length) throw new RangeError('substring(): index out of range');
  return text.substring(start, end);
}
