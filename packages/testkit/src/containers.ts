/** Servers for tests from containers, where there is a Docker engine. */
import { existsSync } from 'node:fs';

import type { StartedTestContainer } from 'testcontainers';

export type ServerContainer = { url: string; stop(): Promise<void> };

const SOCKET = '/var/run/docker.sock';
/** The images of the compose file. */
const POSTGRES = 'docker.io/library/postgres:18.4';
const REDIS = 'docker.io/library/redis:8.2';
const USER = 'weft';
const PASSWORD = 'for-tests-only';
const START_TIMEOUT_MS = 120_000;

/** Whether an engine can be asked; that a command is there says nothing. */
export function hasDocker(): boolean {
  return Boolean(process.env['DOCKER_HOST']) || existsSync(SOCKET);
}

export async function startPostgresContainer(): Promise<ServerContainer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(POSTGRES)
    .withEnvironment({ POSTGRES_USER: USER, POSTGRES_PASSWORD: PASSWORD, POSTGRES_DB: 'weft' })
    .withCommand(['postgres', '-c', 'fsync=off', '-c', 'max_connections=200'])
    .withExposedPorts(5432)
    // Its image starts it once before, to set it up, and then it listens to nobody outside.
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(START_TIMEOUT_MS)
    .start();
  return serverOf(container, (address) => `postgres://${USER}:${PASSWORD}@${address}/weft`);
}

export async function startRedisContainer(): Promise<ServerContainer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(REDIS)
    .withCommand(['redis-server', '--save', '', '--maxmemory-policy', 'noeviction', '--protected-mode', 'no'])
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(START_TIMEOUT_MS)
    .start();
  return serverOf(container, (address) => `redis://${address}`);
}

function serverOf(container: StartedTestContainer, urlAt: (address: string) => string): ServerContainer {
  return {
    url: urlAt(`${container.getHost()}:${container.getFirstMappedPort()}`),
    stop: async () => void (await container.stop()),
  };
}

/** A container if there is an engine and it can start one, else what `local` starts. */
export async function containerOr<Server extends ServerContainer>(
  what: string,
  container: () => Promise<ServerContainer>,
  local: () => Promise<Server>,
): Promise<ServerContainer> {
  if (!hasDocker()) return await local();
  try {
    return await container();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`weft: no container of ${what} (${reason}): a local server is used\n`);
    return await local();
  }
}
