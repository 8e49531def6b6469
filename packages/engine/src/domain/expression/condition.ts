/** Conditions: CEL over `input`, `state`, `nodes`, `item` and `config` (rule B11). */
import type { Json } from '@weft/contract';
import { celEnvironment, MAX_SOURCE_LENGTH } from './cel-environment.ts';
import { CelMeter } from './cel-meter.ts';
import { celReferences } from './cel-references.ts';
import { celToJson } from './cel-value.ts';
import { ExpressionError, firstLine } from './expression-error.ts';
import { distinctReferences } from './reference.ts';
import { projectNodes, referencedNodes, type Reference, type Scope } from './scope.ts';

/** A compiled condition. Evaluating throws `expression_failed`: a missing key, a wrong type, too many steps. */
export type Condition = {
  readonly source: string;
  readonly references: Reference[];
  /** The value, whatever its type; shares parts with the scope. */
  evaluate(scope: Scope): Json;
  /** The value of a condition that decides; another value than true or false fails. */
  evaluateBoolean(scope: Scope): boolean;
};

/** Compiles a CEL expression. Throws `bad_condition`. */
export function compileCondition(source: string): Condition {
  if (source.length > MAX_SOURCE_LENGTH) {
    throw new ExpressionError('bad_condition', `a condition has at most ${MAX_SOURCE_LENGTH} characters`);
  }
  const { run, references } = compile(source);
  const evaluate = (scope: Scope): Json => {
    try {
      return run(scope);
    } catch (cause) {
      throw new ExpressionError('expression_failed', `${extract(source)}: ${firstLine(cause)}`, { cause });
    }
  };
  return { source, references, evaluate, evaluateBoolean: (scope) => asBoolean(evaluate(scope), source) };
}

function compile(source: string): { run: (scope: Scope) => Json; references: Reference[] } {
  try {
    const parsed = celEnvironment.parse(source);
    const all = celReferences(parsed.ast);
    const checked = parsed.check();
    if (!checked.valid) throw checked.error ?? new Error('it is not valid');
    const references = distinctReferences(all);
    const meter = new CelMeter();
    meter.attach(parsed.ast);
    const nodeNames = referencedNodes(references);
    const run = (scope: Scope): Json => {
      meter.reset();
      const result: unknown = parsed({ ...scope, nodes: projectNodes(scope.nodes, nodeNames) });
      meter.settle();
      return celToJson(result);
    };
    return { run, references };
  } catch (cause) {
    if (cause instanceof ExpressionError) throw cause;
    throw new ExpressionError('bad_condition', `${extract(source)}: ${firstLine(cause)}`, { cause });
  }
}

function asBoolean(value: Json, source: string): boolean {
  if (typeof value === 'boolean') return value;
  const type = value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value;
  throw new ExpressionError('expression_failed', `${extract(source)}: expected true or false, got a ${type}`);
}

function extract(source: string): string {
  const line = source.trim().replaceAll(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 77)}...` : line;
}
