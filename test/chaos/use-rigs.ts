import { createRig, createTestDatabase, startPostgresProxy } from '@weft/testkit';
import type { Broker } from '@weft/engine/ports';
import type { PostgresProxy, Rig, RigOptions, TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, onTestFinished } from 'vitest';

export type Scene = {
  url: string;
  /** Opens a rig on the database, or by way of another URL; it is stopped after the test. */
  rig: (options?: Partial<RigOptions>) => Promise<Rig>;
  /** A proxy before the database, until the end of the test. */
  proxy: () => Promise<PostgresProxy>;
};

/** A database for one test. After it all rigs are stopped, and every run must be what its journal says. */
export async function openScene(): Promise<Scene> {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  return sceneOn(database.url);
}

/** A database for all tests of a file; after the last of them every run must be what its journal says. */
export function useScene(): () => Scene {
  let database: TestDatabase | null = null;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database?.drop());
  return () => sceneOn(database?.url ?? '');
}

/** Belongs to the test that asks for it: what was opened is closed after it. */
function sceneOn(url: string): Scene {
  const rigs: Rig[] = [];
  const proxies: PostgresProxy[] = [];
  onTestFinished(async () => {
    await Promise.all(rigs.map((rig) => rig.stop()));
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  });
  return {
    url,
    async rig(options = {}) {
      const rig = await createRig({ url, ...options });
      rigs.push(rig);
      return rig;
    },
    async proxy() {
      const proxy = await startPostgresProxy(url);
      proxies.push(proxy);
      return proxy;
    },
  };
}

/** Waits without a bound of its own until the signal is aborted, as a well-behaved executor does. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
}

/** The same broker, with some of its methods replaced. */
export function intercepted(broker: Broker, methods: Partial<Broker>): Broker {
  return new Proxy(broker, {
    get(target, name) {
      const replaced: unknown = Reflect.get(methods, name);
      const member: unknown = replaced ?? Reflect.get(target, name, target);
      return typeof member === 'function'
        ? (...args: unknown[]): unknown => Reflect.apply(member, target, args)
        : member;
    },
  });
}
