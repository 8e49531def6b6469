/** A container engine for tests: the one that is there, else podman, which needs no service of its own to be installed. */
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { hasDocker } from './containers.ts';

/** `host` as in DOCKER_HOST; `image`: one that is there, with `sh` and the usual commands. */
export type TestEngine = { host: string; image: string; stop(): Promise<void> };

/** Images with a shell, of which one that is there already is taken; TEST_CONTAINER_IMAGE names another. */
const IMAGES = [
  'docker.io/library/node:24-bookworm-slim',
  'docker.io/library/alpine:3.22',
  'docker.io/library/busybox:1',
];
const SOCKET_MS = 10_000;
const POLL_MS = 20;

/** Starts or finds an engine; a text where there is none: why. */
export async function startContainerEngine(): Promise<TestEngine | string> {
  if (hasDocker()) return await found(process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock', 'docker', null);
  if (spawnSync('podman', ['--version']).status !== 0) return 'there is neither Docker nor podman';
  const folder = await mkdtemp(join(tmpdir(), 'weft-engine-'));
  const socket = join(folder, 'podman.sock');
  const service = spawn('podman', ['system', 'service', '--time=0', `unix://${socket}`], { stdio: 'ignore' });
  const stop = async (): Promise<void> => {
    await ended(service);
    await rm(folder, { recursive: true, force: true });
  };
  for (const until = Date.now() + SOCKET_MS; !existsSync(socket) && Date.now() < until;) await wait(POLL_MS); // oxlint-disable-line no-await-in-loop
  if (existsSync(socket)) return await found(`unix://${socket}`, 'podman', stop);
  await stop();
  return 'podman gives no socket';
}

async function found(host: string, command: string, stop: TestEngine['stop'] | null): Promise<TestEngine | string> {
  const wanted = process.env['TEST_CONTAINER_IMAGE'];
  const image = (wanted ? [wanted] : IMAGES).find(
    (name) => spawnSync(command, ['image', 'inspect', name]).status === 0,
  );
  if (image !== undefined) return { host, image, stop: stop ?? (() => Promise.resolve()) };
  await stop?.();
  return `${command} has no image to test with (${IMAGES.join(', ')})`;
}

function ended(service: ChildProcess): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  service.once('exit', resolve);
  service.kill();
  return promise;
}
