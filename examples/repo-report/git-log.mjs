/** Reads commits with git; bounded in commits, bytes and time, since a repository may be huge. */
import { spawn } from 'node:child_process';

const MAX_COMMITS = 5_000;
const MAX_BYTES = 48_000_000;
const MAX_MS = 20_000;
/** Further files of one commit are left out. */
const MAX_FILES = 2_000;

const LOG = [
  'log',
  '--no-color',
  '--no-ext-diff',
  '--no-textconv',
  '--no-renames',
  '--no-show-signature',
  '--numstat',
  '-z',
];
/** Fields are separated by NUL, which none of them can hold. */
const FORMAT = '--format=%x01%H%x00%aN%x00%aE%x00%at%x00%s';

/** The newest commits: hash, author, time (s) and what they changed. `bounded`: there are more than could be read. */
export async function readCommits(path) {
  const head = await git(path, ['rev-parse', '--verify', '--quiet', 'HEAD']);
  if (!head.ok) return { commits: [], bounded: false };
  const log = await git(path, [...LOG, FORMAT, `--max-count=${MAX_COMMITS + 1}`, 'HEAD', '--']);
  if (!log.ok && !log.cut) throw new Error(`git log failed: ${log.text.slice(0, 500)}`);
  const commits = parseLog(log.text);
  // What was cut off in the middle is not counted.
  if (log.cut) commits.pop();
  const bounded = log.cut || commits.length > MAX_COMMITS;
  return { commits: commits.slice(0, MAX_COMMITS), bounded };
}

/** Runs git; `text` is what it wrote (or its error), `cut` says that it was stopped at a bound. */
export function git(path, args, stdin) {
  return new Promise((done) => {
    const child = spawn('git', ['-C', path, ...args], { stdio: ['pipe', 'pipe', 'pipe'], timeout: MAX_MS });
    const chunks = [];
    let bytes = 0;
    let errors = '';
    child.on('error', (error) => done({ ok: false, cut: false, text: String(error.code ?? error.message) }));
    child.stdout.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) child.kill();
      else chunks.push(chunk);
    });
    child.stderr.on('data', (chunk) => (errors = (errors + chunk).slice(0, 2_000)));
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
    child.on('close', (code, signal) => {
      const text = Buffer.concat(chunks).toString('utf8');
      if (code === 0) done({ ok: true, cut: false, text });
      else done({ ok: false, cut: signal !== null, text: signal === null ? errors : text });
    });
  });
}

function parseLog(text) {
  const commits = [];
  const tokens = text.split('\0');
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at].replace(/^\n/, '');
    if (token.startsWith('\u0001')) {
      const [name = '', email = '', seconds = '0'] = tokens.slice(at + 1, at + 4);
      commits.push({ name: name || email || 'unknown', email, at: Number(seconds), files: [] });
      at += 4;
      continue;
    }
    const file = /^(\d+|-)\t(\d+|-)\t([\s\S]+)$/.exec(token);
    const commit = commits.at(-1);
    if (file && commit && commit.files.length < MAX_FILES) commit.files.push(toFile(file));
  }
  return commits;
}

/** git writes `-` for files that are not text. */
function toFile([, added, deleted, path]) {
  return added === '-'
    ? { path, added: 0, deleted: 0, binary: true }
    : { path, added: Number(added), deleted: Number(deleted) };
}
