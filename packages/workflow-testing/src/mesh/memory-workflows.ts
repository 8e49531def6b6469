import type { Clock, StoredWorkflow, WorkflowStore } from '@weft/engine/ports';

/** Workflow versions, kept in `versions` in the order in which they were saved. */
export function createMemoryWorkflows(clock: Pick<Clock, 'now'>, versions: StoredWorkflow[]): WorkflowStore {
  const versionsOf = (tenant: string, name: string): StoredWorkflow[] =>
    versions.filter(({ ref }) => ref.tenant === tenant && ref.name === name);
  return {
    save: async ({ tenant, hash, document }) => {
      const saved = versionsOf(tenant, document.name);
      const known = saved.find((one) => one.hash === hash);
      if (known) return { ...known, created: false };
      const ref = { tenant, name: document.name, version: saved.length + 1 };
      const stored = { ref, hash, document, createdAt: clock.now() };
      versions.push(stored);
      return { ...stored, created: true };
    },
    load: async ({ tenant, name, version }) => {
      const saved = versionsOf(tenant, name);
      return (version === undefined ? saved.at(-1) : saved[version - 1]) ?? null;
    },
    list: async ({ tenant, limit, afterName }) => {
      const newest = new Map(versions.filter(({ ref }) => ref.tenant === tenant).map((one) => [one.ref.name, one]));
      const later = Array.from(newest.values()).filter(({ ref }) => afterName === null || ref.name > afterName);
      return later.toSorted((a, b) => (a.ref.name < b.ref.name ? -1 : 1)).slice(0, limit);
    },
    tenants: async () => Array.from(new Set(versions.map(({ ref }) => ref.tenant))),
  };
}
