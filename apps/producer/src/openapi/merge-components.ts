/** The generator writes each schema twice, as it is sent (`RunInput`) and as it is answered (`Run`). */
type Schema = Record<string, unknown>;
export type ApiDocument = Schema & { components: Schema & { schemas: Record<string, Schema> } };

const SUFFIX = 'Input';
const PREFIX = '#/components/schemas/';

/** Keeps one of two equal schemas, and of the rest only what is referred to, in order of their names. */
export function mergeComponents(document: ApiDocument): ApiDocument {
  const schemas = document.components.schemas;
  const doubled = doubles(schemas);
  const merged = rename(document, doubled) as ApiDocument;
  for (const name of doubled) delete merged.components.schemas[name];
  const used = reachable(merged);
  const kept = Object.entries(merged.components.schemas).filter(([name]) => used.has(name));
  merged.components.schemas = Object.fromEntries(kept.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return merged;
}

/** Names of request schemas that say the same as their answer's, those that they refer to included. */
function doubles(schemas: Record<string, Schema>): Set<string> {
  const pairs = Object.keys(schemas).filter((name) => name.endsWith(SUFFIX) && base(name) in schemas);
  let doubled = new Set(pairs);
  for (let before = -1; before !== doubled.size;) {
    before = doubled.size;
    const equal = pairs.filter((name) => doubled.has(name) && same(schemas, name, doubled));
    doubled = new Set(equal);
  }
  return doubled;
}

function same(schemas: Record<string, Schema>, name: string, doubled: Set<string>): boolean {
  return JSON.stringify(rename(schemas[name], doubled)) === JSON.stringify(rename(schemas[base(name)], doubled));
}

function base(name: string): string {
  return name.slice(0, -SUFFIX.length);
}

function rename(value: unknown, names: Set<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => rename(item, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      const target = key === '$ref' && typeof child === 'string' ? child.slice(PREFIX.length) : '';
      return [key, names.has(target) ? PREFIX + base(target) : rename(child, names)];
    }),
  );
}

function reachable(document: ApiDocument): Set<string> {
  const { schemas } = document.components;
  const used = new Set<string>();
  const open: unknown[] = [document['paths']];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, child] of Object.entries(value)) {
      if (key !== '$ref' || typeof child !== 'string') open.push(child);
      else if (!used.has(child.slice(PREFIX.length))) {
        used.add(child.slice(PREFIX.length));
        open.push(schemas[child.slice(PREFIX.length)]);
      }
    }
  }
  return used;
}
