/**
 * Reads the history of a git repository and writes it to a file: node history.mjs REPOSITORY FOLDER
 *
 * Prints what the workflow must know of it. Where there is no repository that can be read, a small sample is made first.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { git, readCommits } from './git-log.mjs';
import { bucketOf } from './bucket-of.mjs';
import { makeSample } from './sample.mjs';

const BUCKETS = 26;
const HOUR_MS = 3_600_000;

const [repositoryArgument = '.', folderArgument = '.'] = process.argv.slice(2);
const folder = resolve(folderArgument);
await mkdir(folder, { recursive: true });
await dropOldFiles(folder);

const source = await findSource(resolve(repositoryArgument), folder);
const { commits, bounded } = source.commits === undefined ? await readCommits(source.path) : source;
const times = commits.map((commit) => commit.at);
const range = {
  first: times.length === 0 ? null : times.reduce((a, b) => Math.min(a, b)),
  last: times.length === 0 ? null : times.reduce((a, b) => Math.max(a, b)),
  buckets: BUCKETS,
};
const repository = {
  name: source.name,
  sample: source.sample,
  bounded,
  commits: commits.length,
  ...range,
  ...sums(commits),
  activity: activityOf(times),
  folder,
  scripts: dirname(fileURLToPath(import.meta.url)),
};
const text = JSON.stringify({ repository, commits });
const file = join(folder, `history-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.json`);
// Written beside and renamed, so that a second attempt or run never sees half a file.
await writeFile(`${file}.${process.pid}`, text);
await rename(`${file}.${process.pid}`, file);
process.stdout.write(JSON.stringify({ ...repository, file }));

/** The repository itself, or the sample. */
async function findSource(path, outFolder) {
  if (!existsSync(path)) {
    process.stderr.write(`there is no folder ${path}\n`);
    process.exit(1);
  }
  const top = await git(path, ['rev-parse', '--show-toplevel']);
  if (top.ok) return { path, name: basename(top.text.trim()) || 'repository', sample: false };
  const bare = await git(path, ['rev-parse', '--git-dir']);
  if (bare.ok) return { path, name: basename(path) || 'repository', sample: false };
  process.stderr.write(
    `${path} is no repository that git can read (${top.text.trim().split('\n')[0]}); using a sample\n`,
  );
  return { ...(await makeSample(outFolder)), name: 'sample', sample: true };
}

/** How many commits fall into each part of the time. */
function activityOf(instants) {
  const counts = Array.from({ length: BUCKETS }, () => 0);
  for (const at of instants) counts[bucketOf(at, range)] += 1;
  return counts;
}

function sums(list) {
  let [added, deleted, binaries] = [0, 0, 0];
  for (const change of list.flatMap(({ files }) => files)) {
    added += change.added;
    deleted += change.deleted;
    binaries += change.binary ? 1 : 0;
  }
  return { added, deleted, binaries };
}

/** Histories of earlier runs; those of the last hour may still be read. */
async function dropOldFiles(inFolder) {
  const names = (await readdir(inFolder)).filter((name) => /^history-[0-9a-f]{16}\.json/.test(name));
  for (const path of names.map((name) => join(inFolder, name))) {
    const found = await stat(path).catch(() => null);
    if (found !== null && Date.now() - found.mtimeMs > HOUR_MS) await rm(path, { force: true });
  }
}
