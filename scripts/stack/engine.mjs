/** Docker or podman, whichever this machine has, behind one set of commands for one compose project. */
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const IMAGE = 'localhost/weft:latest';
const COMMAND_TIMEOUT_MS = 120_000;
const PREPARE_TIMEOUT_MS = 900_000;

const run = promisify(execFile);

/**
 * Finds the engine. Without a Docker engine it is podman; `standIns`, a script that prepares podman and the base images
 * on a machine without a registry, is called first when it is given.
 *
 * @param {{ project: string, env: Record<string, string>, standIns: string | undefined }} options
 */
export async function findEngine({ project, env, standIns }) {
  if (await works('docker', ['version', '--format', '{{.Server.Version}}'])) {
    return new Engine({ program: 'docker', compose: ['docker', 'compose'], project, env, build: ['docker', 'build'] });
  }
  if (standIns !== undefined) await show(standIns, baseTags(), { timeoutMs: PREPARE_TIMEOUT_MS });
  if (!(await works('podman', ['version'])) || !(await works('podman-compose', ['version']))) {
    throw new Error(
      'neither a Docker engine nor podman with podman-compose is here (--stand-ins names a script that brings it)',
    );
  }
  // Without `docker` as format podman drops the health check; stand-ins are on this machine only.
  const build = [
    'podman',
    'build',
    '--format=docker',
    ...(standIns === undefined ? [] : ['--pull=never', '--network=host']),
  ];
  return new Engine({ program: 'podman', compose: ['podman-compose'], project, env, build });
}

class Engine {
  #options;

  constructor(options) {
    this.#options = options;
  }

  get name() {
    return this.#options.program;
  }

  async build() {
    const [program, ...args] = this.#options.build;
    await show(program, [...args, '-t', IMAGE, '.'], { timeoutMs: PREPARE_TIMEOUT_MS });
  }

  /** Runs the compose program on the project; its output is shown only if it fails. */
  async compose(...args) {
    const [program, ...first] = this.#options.compose;
    return this.#run(program, [...first, '-p', this.#options.project, ...args]);
  }

  /** The containers of a service, dead ones included. */
  async containers(service) {
    const labels = [`project=${this.#options.project}`, `service=${service}`];
    const filters = labels.flatMap((label) => ['--filter', `label=com.docker.compose.${label}`]);
    const { stdout } = await this.#run(this.name, ['ps', '-a', '-q', ...filters]);
    return stdout.split('\n').filter((id) => id !== '');
  }

  async kill(id) {
    await this.#run(this.name, ['kill', '-s', 'KILL', id]);
  }

  async start(id) {
    await this.#run(this.name, ['start', id]);
  }

  /** Tells a container to stop and returns its exit status. */
  async stop(id, graceSeconds) {
    await this.#run(this.name, ['stop', '-t', String(graceSeconds), id]);
    const { stdout } = await this.#run(this.name, ['inspect', '--format', '{{.State.ExitCode}}', id]);
    return Number(stdout);
  }

  async exec(id, ...command) {
    return this.#run(this.name, ['exec', id, ...command]);
  }

  /** Starts a container of the image on the stack's network, with these variables and arguments. */
  beside(variables, args) {
    const network = `${this.#options.project}_default`;
    const given = Object.keys(variables).flatMap((name) => ['-e', name]);
    const command = ['run', '--rm', '--init', '--network', network, ...given, IMAGE, ...args];
    const env = { ...process.env, ...variables };
    return spawn(this.name, command, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** The last lines that a container wrote. */
  async logs(id, lines) {
    const { stdout, stderr } = await this.#run(this.name, ['logs', '--tail', String(lines), id]);
    return stdout + stderr;
  }

  async #run(program, args) {
    const env = { ...process.env, ...this.#options.env };
    return run(program, args, { cwd: ROOT, env, timeout: COMMAND_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 });
  }
}

/** The tags of the base images, as the Dockerfile and the compose file name them. */
function baseTags() {
  const read = (file) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  const tag = (text, pattern) => pattern.exec(text)?.[1] ?? '';
  const compose = read('docker-compose.yml');
  return [
    tag(read('Dockerfile'), /^ARG NODE_TAG=(\S+)$/m),
    tag(compose, /image: \S*postgres:(\S+)$/m),
    tag(compose, /image: \S*redis:(\S+)$/m),
  ];
}

async function works(program, args) {
  try {
    await run(program, args, { timeout: COMMAND_TIMEOUT_MS });
    return true;
  } catch {
    return false;
  }
}

/** Runs a long command whose output belongs on the terminal. */
async function show(program, args, { timeoutMs }) {
  const { promise, resolve, reject } = withResolvers();
  const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], timeout: timeoutMs });
  child.once('error', reject);
  child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`${program} ended with status ${code}`))));
  await promise;
}

function withResolvers() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}
