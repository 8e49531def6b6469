/** Documents for the tests of validation. */
import { type DocumentIssue, validateDocument } from '../../src/domain/index.ts';

export const executorNames = ['echo', 'sleep', 'http', 'process'];

export const env = { hasExecutor: (type: string) => executorNames.includes(type), executorNames, maxNodes: 10_000 };

export const echo = { type: 'task', uses: 'echo' };

/** A document with these nodes, and with these top-level fields beside them. */
export function withNodes(nodes: object, rest: object = {}): unknown {
  return { name: 'x', ...rest, nodes };
}

/** The document as a parser gives it: names such as `__proto__` are members of their own. */
export function parsed(text: string): unknown {
  return JSON.parse(text);
}

export function issuesOf(document: unknown): DocumentIssue[] {
  return validateDocument(document, env).issues;
}

/** The issues as `code pointer`. */
export function found(document: unknown): string[] {
  return issuesOf(document).map(({ code, pointer }) => `${code} ${pointer}`);
}

/** Nodes n0 to n(length - 1), each of which needs the one before. */
export function chain(length: number): Record<string, object> {
  const nodes = Array.from({ length }, (_, i) => [`n${i}`, i === 0 ? echo : { ...echo, needs: [`n${i - 1}`] }]);
  return Object.fromEntries(nodes) as Record<string, object>;
}
