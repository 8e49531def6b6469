/** How the steps of an execution depend on each other, as its document says. */
import type { WorkflowDocument } from '@weft/contract';

export type MeshPlan = {
  /** Of each step those that it depends on. */
  needs: ReadonlyMap<string, readonly string[]>;
  /** The longest way of dependencies that leads to each step, steps without any first. */
  layers: ReadonlyMap<string, number>;
};

export function planOf({ nodes }: Pick<WorkflowDocument, 'nodes'>): MeshPlan {
  const needs = new Map(Object.entries(nodes).map(([name, node]) => [name, node.needs ?? []]));
  const dependents = new Map<string, string[]>();
  const open = new Map<string, number>();
  for (const [name, sources] of needs) {
    open.set(name, sources.length);
    for (const source of sources) dependents.set(source, [...(dependents.get(source) ?? []), name]);
  }
  const layers = new Map<string, number>();
  const next = Array.from(needs.keys()).filter((name) => open.get(name) === 0);
  // Grows while it is walked: a step is added with the last of those that it depends on.
  for (const name of next) {
    const above = (needs.get(name) ?? []).map((source) => layers.get(source) ?? 0);
    layers.set(
      name,
      above.reduce((most, layer) => Math.max(most, layer + 1), 0),
    );
    for (const dependent of dependents.get(name) ?? []) {
      const left = (open.get(dependent) ?? 0) - 1;
      open.set(dependent, left);
      if (left === 0) next.push(dependent);
    }
  }
  return { needs, layers };
}
