/** Templates, conditions and paths: that they compile, and that what they read exists. */
import type { Json, JsonObject } from '@weft/contract';
import { compileCondition } from '../expression/condition.ts';
import { ExpressionError } from '../expression/expression-error.ts';
import { parsePath } from '../expression/path.ts';
import type { Reference } from '../expression/scope.ts';
import { compileTemplate, compileUpdates } from '../expression/template.ts';
import { asObject, type Draft, type RawObject } from './draft.ts';
import { type IssuePath, type Issues, quote } from './document-issue.ts';

type Context = { draft: Draft; issues: Issues };
/** The smallest piece that compiles by itself, so that an error is told at its own place. */
type Piece = { value: string | JsonObject; path: IssuePath };

export function checkExpressions(draft: Draft, issues: Issues): void {
  const context = { draft, issues };
  for (const [name, node] of draft.nodes) checkNode(node, ['nodes', name], context);
  checkTemplate(draft.root['output'], ['output'], context);
}

function checkNode(node: RawObject, path: IssuePath, context: Context): void {
  checkCondition(node['when'], [...path, 'when'], context);
  if (node['type'] === 'route') checkCondition(node['on'], [...path, 'on'], context);
  if (node['type'] === 'task') checkTemplate(node['with'], [...path, 'with'], context);
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
function checkReferences(references: readonly Reference[], path: IssuePath, { draft, issues }: Context): void {
  for (const {
    root,
    path: [name],
  } of references) {
    if (typeof name !== 'string') continue;
    if (root === 'nodes' && !draft.nodeNames.has(name)) {
      issues.add('missing_reference', path, `there is no node ${quote(name)}${issues.hint(name, draft.nodeNames)}`);
    }
    if (root === 'state' && !draft.stateKeys.has(name)) {
      const hint = issues.hint(name, draft.stateKeys);
      issues.add('missing_reference', path, `the state key ${quote(name)} is not declared${hint}`);
    }
  }
}
