/** What a parsed Liquid template reads. */
import { analyzeSync, type Template as LiquidTemplate } from 'liquidjs/dist/liquid.browser.mjs';
import { ExpressionError } from './expression-error.ts';
import type { Path } from './path.ts';
import { isReferenceRoot } from './reference.ts';
import type { Reference } from './scope.ts';

type Segment = string | number | { segments: Segment[] };

/**
 * The references of the template; a path ends where it goes on dynamically. Names in `own` are the caller's.
 *
 * Throws `bad_template` for a name that is neither a root nor set by the template, and when it sets a root.
 */
export function liquidReferences(templates: LiquidTemplate[], own: readonly string[]): Reference[] {
  const { globals, locals } = analyzeSync(templates);
  for (const name of Object.keys(locals)) {
    if (isReferenceRoot(name)) throw new ExpressionError('bad_template', `'${name}' cannot be assigned`);
  }
  const references: Reference[] = [];
  for (const [name, uses] of Object.entries(globals)) {
    if (own.includes(name)) continue;
    if (!isReferenceRoot(name)) throw unknownName(name);
    for (const use of uses) references.push({ root: name, path: staticPath(use) });
  }
  return references;
}

function staticPath({ segments }: { segments: Segment[] }): Path {
  const path: Path = [];
  for (const segment of segments.slice(1)) {
    if (typeof segment === 'object') break;
    path.push(segment);
  }
  return path;
}

function unknownName(name: string): ExpressionError {
  return new ExpressionError(
    'bad_template',
    `'${name}' is not known: write input, state, nodes, item or config (a node's output is nodes.NAME)`,
  );
}
