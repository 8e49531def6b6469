/** State keys: that what is written is declared, and that defaults are of the declared type. */
import type { StateKey } from '@weft/contract';
import { asObject, type Draft, type RawObject } from './draft.ts';
import { type IssuePath, type Issues, quote } from './document-issue.ts';

export function checkState(draft: Draft, issues: Issues): void {
  for (const [name, declared] of Object.entries(asObject(draft.root['state']) ?? {})) {
    checkDefault(asObject(declared) ?? {}, ['state', name, 'default'], issues);
  }
  for (const [name, node] of draft.nodes) {
    const path = ['nodes', name];
    if (typeof node['output'] === 'string') checkKey(node['output'], [...path, 'output'], { draft, issues });
    checkKeys(node['outputMapping'], [...path, 'outputMapping'], { draft, issues });
    if (node['type'] === 'transform') checkKeys(node['updates'], [...path, 'updates'], { draft, issues });
  }
}

function checkKeys(writes: unknown, path: IssuePath, context: { draft: Draft; issues: Issues }): void {
  for (const key of Object.keys(asObject(writes) ?? {})) checkKey(key, [...path, key], context);
}

function checkKey(key: string, path: IssuePath, { draft, issues }: { draft: Draft; issues: Issues }): void {
  if (draft.stateKeys.has(key)) return;
  const hint = issues.hint(key, draft.stateKeys);
  issues.add('undefined_state_key', path, `the state key ${quote(key)} is not declared${hint}`);
}

/** Null is a default of any type: it is what a key without one begins with. */
function checkDefault({ type, default: value }: RawObject, path: IssuePath, issues: Issues): void {
  if (value === undefined || value === null || type === 'any' || isOfType(value, type as StateKey['type'])) return;
  issues.add('bad_type', path, `the default is not of the declared type ${String(type)}`);
}

function isOfType(value: unknown, type: StateKey['type']): boolean {
  switch (type) {
    case 'array':
      return Array.isArray(value);
    case 'object':
      return asObject(value) !== undefined;
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type;
    default:
      // An unknown type is told by the schema.
      return true;
  }
}
