/**
 * Templates: any JSON value whose strings may hold Liquid (`{{ }}`, `{% %}`) and references (`${...}`), rule B12.
 *
 * A string that is one `${...}` alone becomes the referenced value, of whatever type; within longer text it is printed:
 * strings as they are, null as nothing, everything else as JSON. What is inserted is data and never read as a template.
 */
import type { Json, JsonObject } from '@weft/contract';
import { distinctReferences } from './reference.ts';
import { projectNodes, referencedNodes, type Reference, type Scope } from './scope.ts';
import { compilePart, type Compilation } from './template-part.ts';
import { valueOf } from './template-text.ts';

/** A compiled template. */
export type Template = {
  readonly references: Reference[];
  /**
   * JSON pointers of the `{ "secret": NAME }` objects that stand in the template itself. They are left as they are;
   * what looks the same but came in through a reference is data, and no pointer leads to it.
   */
  readonly secretPaths: string[];
  /** JSON pointers of what is not in the template as it is, but rendered. */
  readonly dynamicPaths: string[];
  /** Whether it reads nothing, so that `render` gives the same value each time. */
  readonly isStatic: boolean;
  /** The value; shares parts with the template and the scope. Throws `template_failed` or `expression_failed`. */
  render(scope: Scope): Json;
};

/** Compiles a template. Throws `bad_template`: the first error, with its pointer. */
export function compileTemplate(source: Json): Template {
  return compile(source, false);
}

/**
 * Compiles the updates of a transform: a template in which `{ "cel": EXPRESSION }` is computed, at any depth.
 *
 * Throws `bad_template` or `bad_condition`.
 */
export function compileUpdates(updates: JsonObject): Template {
  return compile(updates, true);
}

function compile(source: Json, computes: boolean): Template {
  const compilation: Compilation = { computes, references: [], secretPaths: [], dynamicPaths: [] };
  const part = compilePart(source, compilation);
  const { secretPaths, dynamicPaths } = compilation;
  const references = distinctReferences(compilation.references);
  const names = referencedNodes(references);
  const render = (scope: Scope): Json => valueOf(part, { scope, nodes: projectNodes(scope.nodes, names) });
  return { references, secretPaths, dynamicPaths, isStatic: references.length === 0, render };
}
