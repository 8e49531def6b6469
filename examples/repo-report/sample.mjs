/** A small history for machines without a repository; the same one everywhere. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { git, readCommits } from './git-log.mjs';

const AUTHORS = [
  ['Ada Lovelace', 'ada@example.org'],
  ['Grace Hopper', 'grace@example.org'],
  ['Zoë <Müller>', 'zoe@example.org'],
  ['陈 晓', 'chen@example.org'],
  ["O'Brien & Sons", 'obrien@example.org'],
];
const FOLDERS = ['src/engine', 'src/api', 'docs', 'test', 'web/pages', ''];
const START = 1_735_689_600;
const DAY = 86_400;
const COMMITS = 120;

/** Where the sample lies; without git, its commits themselves. */
export async function makeSample(folder) {
  const path = join(folder, 'sample.git');
  await rm(path, { recursive: true, force: true });
  const made = await git(folder, ['init', '--quiet', '--bare', path]);
  const filled = made.ok && (await git(path, ['fast-import', '--quiet'], importStream()));
  if (filled && filled.ok) await git(path, ['symbolic-ref', 'HEAD', 'refs/heads/main']);
  const read = filled && filled.ok ? await readCommits(path) : { commits: [] };
  return read.commits.length > 0 ? { path } : { path, commits: plainCommits(), bounded: false };
}

function changes() {
  let at = START;
  return Array.from({ length: COMMITS }, (_, i) => {
    // Busy weeks and quiet ones.
    at += (i % 24 < 17 ? i % 3 : 3 + (i % 4)) * DAY + 3_600;
    const [name, email] = AUTHORS[(i * i + (i >> 3)) % AUTHORS.length];
    const folder = FOLDERS[(i * 5 + (i >> 2)) % FOLDERS.length];
    const path = `${folder === '' ? '' : `${folder}/`}part-${i % 7}.${i % 11 === 10 ? 'bin' : 'txt'}`;
    return { name, email, at, path, lines: 5 + ((i * 37) % 90) };
  });
}

/** The language of `git fast-import`: one commit after the other on one branch. */
function importStream() {
  const parts = changes().map(({ name, email, at, path, lines }, i) => {
    const content = path.endsWith('.bin') ? `\0${i}` : Array.from({ length: lines }, (_, n) => `${i} ${n}\n`).join('');
    const who = `${name.replaceAll(/[<>]/g, '')} <${email}> ${at} +0000`;
    const message = `Change ${i + 1}`;
    return `commit refs/heads/main\nauthor ${who}\ncommitter ${who}\ndata ${bytes(message)}\n${message}\nM 644 inline ${path}\ndata ${bytes(content)}\n${content}\n`;
  });
  return parts.join('');
}

function plainCommits() {
  return changes()
    .toReversed()
    .map(({ name, email, at, path, lines }) => ({
      name,
      email,
      at,
      files: [
        path.endsWith('.bin') ? { path, added: 0, deleted: 0, binary: true } : { path, added: lines, deleted: 0 },
      ],
    }));
}

function bytes(text) {
  return Buffer.byteLength(text);
}
