/** The document against its schema: every key, type and bound, in our own words and at the place itself. */
import { DANGEROUS_KEYS, type ProblemCode, WorkflowDocument, WorkflowNode } from '@weft/contract';
import { asObject } from './draft.ts';
import { type IssuePath, type Issues, quote } from './document-issue.ts';
import { knownKeys, NODE_TYPES } from './known-keys.ts';

type SchemaError = NonNullable<ReturnType<typeof WorkflowDocument.safeParse>['error']>;
type SchemaIssue = SchemaError['issues'][number];

/** Adds an issue for everything that the schema refuses. */
export function checkShape(document: unknown, issues: Issues): void {
  const { error } = WorkflowDocument.safeParse(document);
  for (const issue of error?.issues ?? []) report(issue, [], { document, issues });
  const nodes = asObject(asObject(document)?.['nodes']);
  if (nodes && Object.keys(nodes).length === 0) {
    issues.add('invalid_value', ['nodes'], 'a workflow needs at least one node');
  }
}

type Context = { document: unknown; issues: Issues };

function report(issue: SchemaIssue, above: IssuePath, context: Context): void {
  const path = [...above, ...(issue.path as (string | number)[])];
  switch (issue.code) {
    case 'unrecognized_keys':
      return reportUnknownKeys(issue.keys, path, context);
    case 'invalid_union':
      return reportUnion(issue, path, context);
    case 'invalid_key':
      return reportName(issue, path, context);
    default:
      return reportValue(issue, path, context);
  }
}

function reportUnknownKeys(keys: readonly string[], path: IssuePath, { document, issues }: Context): void {
  const known = knownKeys(path, valueAt(document, path));
  for (const key of keys)
    issues.add('unknown_key', [...path, key], `unknown key ${quote(key)}${issues.hint(key, known)}`);
}

/** A record's key that is no name; its value is checked all the same. */
function reportName(issue: Extract<SchemaIssue, { code: 'invalid_key' }>, path: IssuePath, context: Context): void {
  // The dangerous names have been told by the check of bounds.
  if (!DANGEROUS_KEYS.has(String(path.at(-1))))
    context.issues.add('bad_name', path, issue.issues[0]?.message ?? 'not a name');
  if (path.length !== 2 || path[0] !== 'nodes') return;
  const { error } = WorkflowNode.safeParse(valueAt(context.document, path));
  for (const inner of error?.issues ?? []) report(inner, path, context);
}

/** A union's errors are those of the branch that was meant: the one that takes values of this type. */
function reportUnion(issue: Extract<SchemaIssue, { code: 'invalid_union' }>, path: IssuePath, context: Context): void {
  if (issue.discriminator !== undefined) return reportNodeType(path, context);
  const branches = issue.errors.toSorted((a, b) => mismatch(a) - mismatch(b));
  for (const inner of branches[0] ?? []) report(inner, path, context);
}

function mismatch(branch: readonly { code?: string | undefined; path: readonly PropertyKey[] }[]): number {
  const atRoot = branch.find((issue) => issue.path.length === 0);
  if (atRoot?.code === 'invalid_type') return 2;
  return atRoot?.code === 'invalid_value' ? 1 : 0;
}

function reportNodeType(path: IssuePath, { document, issues }: Context): void {
  const type = valueAt(document, path);
  const types = NODE_TYPES.join(', ');
  if (type === undefined) return issues.add('missing_field', path, `a node needs a type: ${types}`);
  if (typeof type !== 'string') return issues.add('bad_type', path, `the type of a node is text: ${types}`);
  const message = `there is no node type ${quote(type)}${issues.hint(type, NODE_TYPES)}; the types are ${types}`;
  issues.add('node_type_unsupported', path, message);
}

function reportValue(issue: SchemaIssue, path: IssuePath, { document, issues }: Context): void {
  const value = valueAt(document, path);
  if (value === undefined) return issues.add('missing_field', path, `${quote(String(path.at(-1)))} is required`);
  const [code, message] = explain(issue, value, issues);
  issues.add(code, path, message);
}

function explain(issue: SchemaIssue, value: unknown, issues: Issues): [ProblemCode, string] {
  switch (issue.code) {
    case 'invalid_type':
      return ['bad_type', `expected ${article(issue.expected)}, but found ${kindOf(value)}`];
    case 'invalid_value': {
      const values = issue.values.map(String);
      if (typeof value !== 'string')
        return ['bad_type', `expected one of ${values.join(', ')}, but found ${kindOf(value)}`];
      return ['invalid_value', `expected one of ${values.join(', ')}${issues.hint(value, values)}`];
    }
    case 'too_small':
      return ['invalid_value', `must ${unit(issue.origin, 'least', issue.minimum)}`];
    case 'too_big':
      return ['invalid_value', `must ${unit(issue.origin, 'most', issue.maximum)}`];
    case 'invalid_format':
      return ['bad_name', issue.message];
    default:
      return ['invalid_value', issue.message];
  }
}

function unit(origin: string, bound: 'least' | 'most', limit: number | bigint): string {
  if (origin === 'string') return `have at ${bound} ${limit} characters`;
  if (origin === 'array') return `have at ${bound} ${limit} items`;
  return `be at ${bound} ${limit}`;
}

const ARTICLES: Record<string, string> = {
  string: 'text',
  int: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
  tuple: 'a pair [from, to]',
};

function article(expected: string): string {
  return ARTICLES[expected] ?? expected;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : `the number ${value}`;
  return ARTICLES[typeof value] ?? typeof value;
}

function valueAt(value: unknown, path: IssuePath): unknown {
  let current = value;
  for (const token of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, token)) return undefined;
    current = (current as Record<string | number, unknown>)[token];
  }
  return current;
}
