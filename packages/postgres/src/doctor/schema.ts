/** Whether the tables are those of this release, with all their indexes and the partitions of the coming weeks. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Check } from './examination.ts';
import { placesOf, unless } from './examination.ts';

const MIGRATIONS = join(import.meta.dirname, '..', '..', 'migrations');
const SUFFIX = '.sql';

export const migrations: Check = {
  name: 'schema',
  async look({ ask }) {
    const check = 'schema';
    const [table] = await ask<{ name: string | null }>("select to_regclass('kysely_migration')::text as name");
    const advice = 'start a producer or a worker of this release: it makes the tables';
    if (!table?.name) return { check, level: 'error', what: 'the tables are not there', advice };
    const rows = await ask<{ name: string }>('select name from kysely_migration order by name');
    const there = new Set(rows.map(({ name }) => name));
    const ours = migrationFiles().map((file) => file.slice(0, -SUFFIX.length));
    const missing = ours.filter((name) => !there.has(name));
    if (missing.length > 0) {
      return { check, level: 'error', what: 'the tables are of an older release', where: placesOf(missing), advice };
    }
    const newer = [...there].filter((name) => !ours.includes(name));
    return unless(newer, {
      check,
      level: 'warn',
      fine: `all ${ours.length} migrations have been made`,
      what: 'the tables are of a newer release than this program',
      advice: 'use the program of that release',
    });
  },
};

export const indexes: Check = {
  name: 'indexes',
  async look({ ask }) {
    const rows = await ask<{ name: string; valid: boolean; on: string }>(`select i.indexrelid::regclass::text as name,
        i.indisvalid and i.indisready as valid, i.indrelid::regclass::text as on
      from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace = current_schema()::regnamespace`);
    const names = new Set(rows.map(({ name }) => name));
    const missing = expectedIndexes().filter((name) => !names.has(name));
    const broken = rows.filter(({ valid }) => !valid).map(({ name, on }) => `${name} on ${on}`);
    return [
      unless(missing, {
        check: 'indexes',
        level: 'error',
        fine: `all ${names.size} indexes are there`,
        what: 'indexes are missing: statements read whole tables',
        advice: 'create them as the migrations do (packages/postgres/migrations)',
      }),
      unless(broken, {
        check: 'indexes',
        level: 'error',
        fine: 'all indexes are valid',
        what: 'indexes are not valid: they cost writes and are not used',
        advice: 'REINDEX INDEX CONCURRENTLY, or drop what a failed CREATE INDEX has left',
      }),
    ];
  },
};

/** They are made four weeks ahead, and are named by the day on which they begin. */
export const partitions: Check = {
  name: 'partitions',
  async look({ ask }) {
    const rows = await ask<{ table: string }>(`select p.relname::text as table from pg_class p
      where p.relkind = 'p' and p.relnamespace = current_schema()::regnamespace and not exists (
        select 1 from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = p.oid and c.relname > p.relname || to_char(now(), '"_"YYYYMMDD'))`);
    return unless(
      rows.map(({ table }) => table),
      {
        check: 'partitions',
        level: 'error',
        fine: 'the partitions of next week are there',
        what: 'tables have no partition for next week: no run could be started then',
        advice: 'start any process of the mesh: it makes them at its start, and once an hour',
      },
    );
  },
};

function migrationFiles(): string[] {
  return readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith(SUFFIX))
    .toSorted();
}

/** What the migrations make and do not drop again. */
function expectedIndexes(): string[] {
  const names = new Set<string>();
  for (const file of migrationFiles()) {
    const text = readFileSync(join(MIGRATIONS, file), 'utf8').replaceAll(/--.*$/gm, '');
    for (const [, what, name = ''] of text.matchAll(
      /\b(create(?: unique)?|drop) index (?:if (?:not )?exists )?(\w+)/gi,
    )) {
      if (what?.toLowerCase() === 'drop') names.delete(name);
      else names.add(name);
    }
  }
  return [...names];
}
