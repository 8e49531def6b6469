/**
 * Analyses one part of a history: node analyse.mjs authors|folders PART PARTS FILE
 *
 * The names are sorted and dealt out in turn, so that every name is in exactly one part.
 */
import { readFile } from 'node:fs/promises';

import { bucketOf } from './bucket-of.mjs';

/** The most that one part reports; the count says how many there are. */
const MAX_ITEMS = 50;
const TOP = 3;

const [kind, part, parts, file] = process.argv.slice(2);
const { repository, commits } = JSON.parse(await readFile(file, 'utf8'));
const keysOf = kind === 'authors' ? authorKeys : folderKeys;

const names = [...new Set(commits.flatMap(keysOf))].toSorted((a, b) => (a < b ? -1 : 1));
const mine = new Set(names.filter((_, index) => index % Number(parts) === Number(part) - 1));
const items = new Map([...mine].map((name) => [name, newItem()]));
for (const commit of commits) {
  for (const name of keysOf(commit)) if (mine.has(name)) addCommit(items.get(name), commit, name);
}
const result = [...items].map(([name, item]) => summary(name, item));
result.sort((a, b) => b.commits - a.commits || (a.name < b.name ? -1 : 1));
process.stdout.write(JSON.stringify({ items: result.slice(0, MAX_ITEMS), count: result.length }));

/** Authors are told apart by their name: most people use several addresses. */
function authorKeys({ name }) {
  return [name.trim().toLowerCase()];
}

function folderKeys({ files }) {
  return [...new Set(files.map(({ path }) => folderOf(path)))];
}

/** At most two levels deep; what lies at the top is in `.`. */
function folderOf(path) {
  return path.split('/').slice(0, -1).slice(0, 2).join('/') || '.';
}

function newItem() {
  const buckets = Array.from({ length: repository.buckets }, () => 0);
  return {
    label: '',
    commits: 0,
    added: 0,
    deleted: 0,
    binaries: 0,
    first: Infinity,
    last: 0,
    files: new Map(),
    others: new Map(),
    buckets,
  };
}

function addCommit(item, commit, key) {
  item.commits += 1;
  item.first = Math.min(item.first, commit.at);
  // The newest commit comes first and has the name as it is spelt today.
  item.label ||= kind === 'authors' ? commit.name : key;
  item.last = Math.max(item.last, commit.at);
  item.buckets[bucketOf(commit.at, repository)] += 1;
  for (const { path, added, deleted, binary } of commit.files) {
    if (kind === 'folders' && folderOf(path) !== key) continue;
    item.added += added;
    item.deleted += deleted;
    item.binaries += binary ? 1 : 0;
    count(item.files, path);
    if (kind === 'authors') count(item.others, folderOf(path));
  }
  if (kind === 'folders') count(item.others, commit.name);
}

function summary(name, { label, files, others, ...item }) {
  return { ...item, name: label || name, files: files.size, top: topOf(files), others: topOf(others) };
}

function count(map, key) {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function topOf(map) {
  const sorted = [...map].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return sorted.slice(0, TOP).map(([name, times]) => ({ name: name.slice(0, 200), times }));
}
