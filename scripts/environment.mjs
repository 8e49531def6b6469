/**
 * Brings what a command needs before our own code can run: the locked dependencies and, with them, Node 24.
 *
 * This file and its callers run on whatever Node is on PATH, so they use plain old syntax and built-in modules only.
 */
import { spawn } from 'child_process';
import { createHash } from 'crypto';
import fs from 'fs';
import os from 'os';
import path from 'path';
import { fileURLToPath } from 'url';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

const PNPM = 'pnpm@12.21.0';
const OLDEST_NODE = [20, 0];
const NEEDED_NODE = [24, 12];

const modules = path.join(root, 'node_modules');
const bin = path.join(modules, '.bin');
const broughtNode = path.join(bin, 'node');
const stamp = path.join(modules, '.weft-installed');

/** Ends the command with one line that says what to do. */
export function fail(message) {
  process.stderr.write('weft: ' + message + '\n');
  process.exit(1);
}

/** Installs the locked dependencies unless they are there, and returns the path of the Node that runs our code. */
export async function prepare() {
  requireNode(OLDEST_NODE);
  const bringsNode = hasNodePackage();
  if (!bringsNode) requireNode(NEEDED_NODE);
  if (!isInstalled(bringsNode)) await install();
  return bringsNode ? broughtNode : process.execPath;
}

/** The path of an installed command-line tool. */
export function tool(name) {
  return path.join(bin, process.platform === 'win32' ? name + '.cmd' : name);
}

/**
 * Runs a program to its end and returns its exit code (128 + n for signal n). `options.onOutput` receives what it
 * writes; without it the program writes to our own output.
 */
export function run(command, args, options) {
  const onOutput = options && options.onOutput;
  const env = Object.assign(childEnv(), options && options.env);
  const stdio = onOutput ? ['ignore', 'pipe', 'pipe'] : 'inherit';
  const shell = process.platform === 'win32' && !command.endsWith('.exe');
  return new Promise(function (resolve, reject) {
    const child = spawn(command, args, { cwd: root, env: env, stdio: stdio, shell: shell });
    const stopForwarding = forwardSignals(child);
    if (onOutput) [child.stdout, child.stderr].forEach((stream) => stream.on('data', onOutput));
    child.once('error', reject);
    child.once('close', function (code, signal) {
      stopForwarding();
      resolve(signal ? 128 + (os.constants.signals[signal] || 0) : code);
    });
  });
}

/**
 * Passes SIGINT and SIGTERM on, each once. At a terminal Ctrl-C reaches the whole process group, the child included, so
 * there SIGINT is not sent again.
 */
function forwardSignals(child) {
  const pass = function (signal) {
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    child.kill(signal);
  };
  const ignore = function () {};
  const signals = ['SIGINT', 'SIGTERM'];
  signals.forEach(function (signal) {
    process.once(signal, pass);
    process.on(signal, ignore);
  });
  // A signal to npm ends npm and its shell, and nobody tells us: we notice that we have been orphaned.
  const parent = process.ppid;
  const watch = setInterval(function () {
    if (process.ppid === parent) return;
    clearInterval(watch);
    child.kill('SIGTERM');
  }, 500);
  return function () {
    clearInterval(watch);
    signals.forEach(function (signal) {
      process.off(signal, pass);
      process.off(signal, ignore);
    });
  };
}

/** Our Node and tools come first on PATH, and compiled code is kept so that the next start is quick. */
function childEnv() {
  const env = Object.assign({}, process.env);
  env.PATH = bin + path.delimiter + (env.PATH || '');
  if (!env.NODE_COMPILE_CACHE && isWritable(modules)) {
    env.NODE_COMPILE_CACHE = path.join(modules, '.cache', 'node-compile');
  }
  return env;
}

/** Whether the lockfile brings a Node that runs here: it does for Linux with glibc. */
function hasNodePackage() {
  if (process.platform !== 'linux' || ['x64', 'arm64'].indexOf(process.arch) < 0) return false;
  process.report.excludeNetwork = true;
  return Boolean(process.report.getReport().header.glibcVersionRuntime);
}

function requireNode(needed) {
  const version = process.versions.node.split('.').map(Number);
  if (version[0] > needed[0] || (version[0] === needed[0] && version[1] >= needed[1])) return;
  const wanted = needed.join('.');
  fail(
    'Node ' +
      wanted +
      ' or later is needed here and this is ' +
      process.versions.node +
      ': install a newer Node and run the command again',
  );
}

function lockHash() {
  return createHash('sha256')
    .update(fs.readFileSync(path.join(root, 'pnpm-lock.yaml')))
    .digest('hex');
}

function isInstalled(bringsNode) {
  if (bringsNode && !fs.existsSync(broughtNode)) return false;
  try {
    return fs.readFileSync(stamp, 'utf8') === lockHash();
  } catch {
    return false;
  }
}

/** Installs by the pinned pnpm; its output is shown only if it fails. */
async function install() {
  if (!isWritable(root)) fail('the folder ' + root + ' is not writable: make it writable or clone it elsewhere');
  const hash = lockHash();
  process.stderr.write('weft: installing dependencies (only the first time, or after an update) ...\n');
  const chunks = [];
  const args = ['-y', PNPM, 'install', '--frozen-lockfile'];
  const options = { env: installEnv(), onOutput: (chunk) => chunks.push(chunk) };
  const code = await run(npx().command, npx().args.concat(args), options).catch(function (error) {
    return fail('npx does not start (' + error.code + '): install npm, which comes with Node, and try again');
  });
  if (code > 128) process.exit(code);
  if (code !== 0) {
    process.stderr.write(Buffer.concat(chunks));
    fail('the dependencies could not be installed (see above): check the network and run the command again');
  }
  fs.writeFileSync(stamp, hash);
}

/** The npx that belongs to the npm which called us, else the one on PATH. */
function npx() {
  const npm = process.env.npm_execpath || '';
  const script = path.join(path.dirname(npm), 'npx-cli.js');
  if (path.basename(npm) === 'npm-cli.js' && fs.existsSync(script))
    return { command: process.execPath, args: [script] };
  return { command: 'npx', args: [] };
}

/**
 * Without a usable home folder the caches of npm and pnpm go below the clone. CI=true: never ask, never wait. The log
 * level is ours because `npm --silent` would hand its own down and hide why an installation failed.
 */
function installEnv() {
  const env = { CI: 'true', npm_config_loglevel: 'error' };
  if (isWritable(home())) return env;
  const spare = path.join(root, '.cache', 'home');
  fs.mkdirSync(spare, { recursive: true });
  return Object.assign(env, { HOME: spare, npm_config_cache: path.join(spare, '.npm') });
}

function home() {
  try {
    return os.homedir();
  } catch {
    return '';
  }
}

function isWritable(folder) {
  try {
    fs.accessSync(folder, fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
