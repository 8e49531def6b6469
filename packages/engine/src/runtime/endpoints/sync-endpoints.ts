import { AppError, DEFAULT_TENANT } from '@weft/contract';
import type { FileEndpoint, ProblemItem } from '@weft/contract';

import type { EndpointRecord, EndpointRules, EndpointStore } from '../../ports/index.ts';
import { mistakesOf } from './mistakes.ts';
import { isSameEndpoint, toRecord } from './to-record.ts';

/** Names, as `tenant/name`. `taken`: those that a call had registered before. */
export type SyncedEndpoints = { created: string[]; changed: string[]; removed: string[]; taken: string[] };

/** Makes the registry say what a file says. Several processes may do so at once, with the same file. */
export function createSync(store: EndpointStore, rules?: EndpointRules) {
  return async function sync(file: readonly FileEndpoint[]): Promise<SyncedEndpoints> {
    const wanted = file.map(({ tenant = DEFAULT_TENANT, name, ...definition }, index) => ({
      index,
      record: toRecord(definition, { tenant, name, source: 'file' }),
    }));
    refuseMistakes(wanted, rules);
    const there = new Map((await store.list(null)).map((record) => [nameOf(record), record]));
    const synced: SyncedEndpoints = { created: [], changed: [], removed: [], taken: [] };
    // Where there is no key to encrypt with, the first of them fails before anything has changed.
    for (const { index, record } of wanted.toSorted(clearTokensFirst)) {
      await put(store, record, { there, synced }).catch((error: unknown) => {
        throw atEntry(error, index);
      });
    }
    const names = new Set(wanted.map(({ record }) => nameOf(record)));
    for (const [name, record] of there) {
      if (record.source !== 'file' || names.has(name)) continue;
      if (await store.remove(record.tenant, record.name)) synced.removed.push(name);
    }
    return synced;
  };
}

/** `index`: where in the file. */
type Wanted = { index: number; record: EndpointRecord };

type Under = { there: ReadonlyMap<string, EndpointRecord>; synced: SyncedEndpoints };

async function put(store: EndpointStore, record: EndpointRecord, { there, synced }: Under): Promise<void> {
  const name = nameOf(record);
  const before = there.get(name);
  if (before && isSameEndpoint(before, record)) return;
  if (!before && (await store.create(record))) synced.created.push(name);
  else if (await store.replace(record)) {
    synced.changed.push(name);
    if (before && before.source !== 'file') synced.taken.push(name);
  }
}

function refuseMistakes(wanted: readonly Wanted[], rules: EndpointRules | undefined): void {
  const errors: ProblemItem[] = [];
  const seen = new Set<string>();
  for (const { index, record } of wanted) {
    const name = nameOf(record);
    const items = mistakesOf(record, rules);
    if (seen.has(name)) {
      const message = `there are two endpoints ${JSON.stringify(record.name)}`;
      items.push({ code: 'duplicate_name', pointer: '/name', message });
    }
    seen.add(name);
    errors.push(...placedAt(items, index));
  }
  if (errors.length > 0) throw new AppError('invalid_request', 'the endpoints are not valid', { errors });
}

function nameOf({ tenant, name }: EndpointRecord): string {
  return `${tenant}/${name}`;
}

function clearTokensFirst({ record: a }: Wanted, { record: b }: Wanted): number {
  return Number(b.token?.kind === 'value') - Number(a.token?.kind === 'value');
}

function placedAt(items: readonly ProblemItem[], index: number): ProblemItem[] {
  return items.map((item) => ({ ...item, pointer: `/${index}${item.pointer}` }));
}

function atEntry(error: unknown, index: number): unknown {
  if (!(error instanceof AppError)) return error;
  return new AppError(error.code, error.message, { errors: placedAt(error.errors, index), cause: error });
}
