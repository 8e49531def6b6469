/** Templates, conditions and paths: that they compile, and that what they read exists. */
import type { Json, JsonObject } from '@weft/contract';
import { compileCondition } from '../expression/condition.ts';
import { ExpressionError } from '../expression/expression-error.ts';
import { parsePath } from '../expression/path.ts';
import type { Reference } from '../expression/scope.ts';
import { compileTemplate, compileUpdates } from '../expression/template.ts';
import { asObject, type Draft, type RawObject } from './draft.ts';
import { type IssuePath, type Issues, quote } from './document-issue.ts';

type Context = { draft: Draft; issues: Issues; hasItem: boolean };
/** The smallest piece that compiles by itself, so that an error is told at its own place. */
type Piece = { value: string | JsonObject; path: IssuePath };

/** The fields of each node type that are templates. */
const TEMPLATES = new Map<unknown, string[]>([
  ['task', ['with', 'prompt', 'system', 'concurrencyKey']],
  ['agent', ['prompt', 'system', 'continuePrompt', 'concurrencyKey']],
  ['interrupt', ['message']],
  ['send', ['items']],
  ['subgraph', ['input']],
  ['wait', ['until']],
]);

const MANAGED = ['step', 'is_last_step', 'remaining_steps', 'run_id', 'node_name'];

export function checkExpressions(draft: Draft, issues: Issues): void {
  for (const [name, node] of draft.nodes) {
    checkNode(node, ['nodes', name], { draft, issues, hasItem: draft.sendTargets.has(name) });
  }
  checkTemplate(draft.root['output'], ['output'], { draft, issues, hasItem: false });
}

function checkNode(node: RawObject, path: IssuePath, context: Context): void {
  checkCondition(node['when'], [...path, 'when'], context);
  if (node['type'] === 'route') checkCondition(node['on'], [...path, 'on'], context);
  for (const field of TEMPLATES.get(node['type']) ?? []) checkTemplate(node[field], [...path, field], context);
  if (node['type'] === 'transform') checkUpdates(node['updates'], [...path, 'updates'], context);
  for (const [key, value] of Object.entries(asObject(node['outputMapping']) ?? {})) {
    if (typeof value === 'string') attempt(() => void parsePath(value), [...path, 'outputMapping', key], context);
  }
}

function checkCondition(source: unknown, path: IssuePath, context: Context): void {
  if (typeof source !== 'string' || source === '') return;
  attempt(() => checkReferences(compileCondition(source).references, path, context), path, context);
}

function checkTemplate(source: unknown, path: IssuePath, context: Context): void {
  for (const piece of piecesOf(source, path, ['secret'])) {
    attempt(() => checkReferences(compileTemplate(piece.value).references, piece.path, context), piece.path, context);
  }
}

function checkUpdates(source: unknown, path: IssuePath, context: Context): void {
  for (const piece of piecesOf(source, path, ['secret', 'cel'])) {
    const compile = (): void => checkReferences(compileUpdates({ it: piece.value }).references, piece.path, context);
    attempt(compile, piece.path, context);
  }
}

function attempt(compile: () => void, path: IssuePath, { issues }: Context): void {
  try {
    compile();
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    issues.add(error.code === 'bad_condition' ? 'bad_condition' : 'bad_template', path, error.message);
  }
}

/** Strings that are not plain text, and objects whose only key says that they are special. */
function* piecesOf(value: unknown, path: IssuePath, special: readonly string[]): Generator<Piece> {
  if (typeof value === 'string') {
    if (/\$\{|\{\{|\{%/.test(value)) yield { value, path };
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const entries = Object.entries(value as Record<string, Json>);
  const [only] = entries;
  const isSpecial = entries.length === 1 && only && special.includes(only[0]) && typeof only[1] === 'string';
  if (isSpecial && !Array.isArray(value)) return yield { value: value as JsonObject, path };
  for (const [key, member] of entries) yield* piecesOf(member, [...path, key], special);
}

/** A path that goes on dynamically may read anything that there is. */
function checkReferences(references: readonly Reference[], path: IssuePath, context: Context): void {
  for (const reference of references) {
    if (reference.root === 'item') checkItem(path, context);
    const [name, member] = reference.path;
    if (typeof name !== 'string') continue;
    if (reference.root === 'nodes') checkNodeName(name, path, context);
    if (reference.root === 'state' && name === '__meta') checkManaged(member, path, context);
    else if (reference.root === 'state') checkStateKey(name, path, context);
  }
}

function checkItem(path: IssuePath, { hasItem, issues }: Context): void {
  const message =
    'there is an item in the target of a send only; to work on each item in several nodes, send to a subgraph';
  if (!hasItem) issues.add('item_out_of_scope', path, message);
}

function checkNodeName(name: string, path: IssuePath, { draft, issues }: Context): void {
  if (draft.nodeNames.has(name)) return;
  issues.add('missing_reference', path, `there is no node ${quote(name)}${issues.hint(name, draft.nodeNames)}`);
}

function checkStateKey(name: string, path: IssuePath, { draft, issues }: Context): void {
  if (draft.stateKeys.has(name) && !name.startsWith('__')) return;
  const hint = issues.hint(name, draft.stateKeys);
  issues.add('undefined_state_key', path, `the state key ${quote(name)} is not declared${hint}`);
}

/** What the engine itself keeps in the state is there without being declared. */
function checkManaged(member: string | number | undefined, path: IssuePath, { issues }: Context): void {
  if (member === undefined || MANAGED.includes(String(member))) return;
  const message = `__meta has ${MANAGED.join(', ')}, and no ${quote(String(member))}`;
  issues.add('undefined_state_key', path, `${message}${issues.hint(String(member), MANAGED)}`);
}
