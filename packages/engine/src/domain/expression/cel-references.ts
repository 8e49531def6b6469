/** What a parsed CEL expression reads, and what in it is refused. */
import type { ASTNode } from '@marcbachmann/cel-js';
import { ExpressionError } from './expression-error.ts';
import type { Path } from './path.ts';
import { isReferenceRoot } from './reference.ts';
import type { Reference } from './scope.ts';

/** Functions whose first argument names a variable that the other arguments see. */
const MACROS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter', 'bind']);

type Found = { references: Reference[]; bound: ReadonlySet<string> };

/**
 * All references of the expression; a path ends where it goes on dynamically (`state[input.k]` reads all of `state`).
 *
 * Throws `bad_condition` for `matches`: its regular expressions backtrack without bound.
 */
export function celReferences(ast: ASTNode): Reference[] {
  const references: Reference[] = [];
  visit(ast, { references, bound: new Set() });
  return references;
}

/** The nodes directly below `node`, as they were written. */
export function childNodes(node: ASTNode): ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    default:
      return node.args;
  }
}

function visit(node: ASTNode, found: Found): void {
  if (node.op === 'rcall') return visitMethod(node.args[0], [node.args[1], ...node.args[2]], found);
  const access = readAccess(node, found);
  if (access === undefined) for (const child of childNodes(node)) visit(child, found);
  else if (!found.bound.has(access.root) && isReferenceRoot(access.root)) {
    found.references.push({ root: access.root, path: access.path });
  }
}

function visitMethod(name: string, [receiver, ...args]: ASTNode[], found: Found): void {
  if (name === 'matches') {
    throw new ExpressionError(
      'bad_condition',
      'matches() is not available: compare with contains, startsWith or endsWith',
    );
  }
  if (receiver !== undefined) visit(receiver, found);
  const variable = args[0];
  if (!MACROS.has(name) || variable?.op !== 'id') {
    for (const arg of args) visit(arg, found);
    return;
  }
  const inner = { ...found, bound: new Set([...found.bound, variable.args]) };
  for (const [i, arg] of args.slice(1).entries()) visit(arg, name === 'bind' && i === 0 ? found : inner);
}

type Access = { root: string; path: Path; open: boolean };

/** The chain of members that ends in `node`, when it begins with a name; what stands in brackets is visited by itself. */
function readAccess(node: ASTNode, found: Found): Access | undefined {
  if (node.op === 'id') return { root: node.args, path: [], open: true };
  if (node.op !== '.' && node.op !== '.?' && node.op !== '[]' && node.op !== '[?]') return undefined;
  const access = readAccess(node.args[0], found);
  if (access === undefined) return undefined;
  const member = typeof node.args[1] === 'string' ? node.args[1] : literalMember(node.args[1]);
  if (member === undefined) visit(node.args[1] as ASTNode, found);
  if (member === undefined || !access.open) return { ...access, open: false };
  return { ...access, path: [...access.path, member] };
}

function literalMember(node: ASTNode): string | number | undefined {
  if (node.op !== 'value') return undefined;
  if (typeof node.args === 'string') return node.args;
  return typeof node.args === 'bigint' || typeof node.args === 'number' ? Number(node.args) : undefined;
}
