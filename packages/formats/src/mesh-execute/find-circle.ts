type Step<Dependency> = { readonly id: string; readonly dependsOn: readonly Dependency[] };

/** A dependency by which steps wait for each other for ever; null: there is none. Of itself a step is not said to depend here. */
export function findCircle<Dependency extends { readonly id: string }>(
  steps: ReadonlyMap<string, Step<Dependency>>,
): Dependency | null {
  const stuck = new Map(steps);
  const blocking = ({ id, dependsOn }: Step<Dependency>) => dependsOn.find((one) => one.id !== id && stuck.has(one.id));
  for (let before = -1; before !== stuck.size;) {
    before = stuck.size;
    for (const step of stuck.values()) if (!blocking(step)) stuck.delete(step.id);
  }
  // Each that is stuck depends on one that is: whoever follows them comes back to where it was.
  const seen = new Set<string>();
  let [step] = stuck.values();
  while (step) {
    const next = blocking(step);
    if (next === undefined || seen.has(step.id)) return next ?? null;
    seen.add(step.id);
    step = stuck.get(next.id);
  }
  return null;
}
