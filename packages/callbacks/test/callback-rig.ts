/** An engine on a real database with a courier that is quick to try again. */
import type { Callback, Delivery, JsonObject, WorkflowDocument } from '@weft/contract';
import { createMemoryDeliveries, systemClock } from '@weft/embedded';
import { makeUuidV7 } from '@weft/engine/domain';
import type { CallbackRecord, DeliveryQueue, DeliveryRecord } from '@weft/engine/ports';
import { parseSecretKey } from '@weft/postgres';
import { createRig, createTestDatabase, runStatement } from '@weft/testkit';
import type { Rig } from '@weft/testkit';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';

import { createCourier } from '../src/index.ts';
import type { CourierOptions } from '../src/index.ts';

const SILENT = process.env['WEFT_TEST_LOG'] ? console : { debug() {}, info() {}, warn() {}, error() {} };
const SOON = { timeout: 15_000, interval: 20 };

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

export const ECHO: WorkflowDocument = { name: 'told', nodes: { say: { type: 'task', uses: 'echo', with: { a: 1 } } } };
export const FAILING: WorkflowDocument = {
  name: 'failing',
  nodes: { break: { type: 'task', uses: 'break', with: {} } },
};
export const ASKING: WorkflowDocument = {
  name: 'asking',
  nodes: { ask: { type: 'interrupt', message: 'may I?' } },
};

export type CallbackRig = {
  rig: Rig;
  databaseUrl: string;
  /** Starts a run with callbacks of its own; gives its id. */
  start(document: WorkflowDocument, callbacks?: Callback[]): Promise<string>;
  /** A callback of the tenant, known to all settles. */
  add(callback: Partial<CallbackRecord> & { url: string }): Promise<CallbackRecord>;
  /** Until the test is over. */
  deliver(options?: CourierOptions & { queue?: DeliveryQueue }): { stop(): Promise<void> };
  /** Of a run, oldest first. */
  deliveriesOf(runId: string): Promise<DeliveryRecord[]>;
  /** Until all of a run have this status. */
  until(runId: string, status: Delivery['status'], count?: number): Promise<DeliveryRecord[]>;
  sql(text: string): Promise<unknown>;
};

/** One for all tests of a file. */
export function useCallbackRig(): () => CallbackRig {
  let opened: CallbackRig | null = null;
  let close = async (): Promise<void> => undefined;
  beforeAll(async () => {
    const database = await createTestDatabase();
    const rig = await createRig({
      url: database.url,
      executors: {
        echo: async ({ input }) => ({ kind: 'succeeded', output: input as JsonObject }),
        break: async () => ({ kind: 'failed', error: { code: 'broken', message: 'it broke', retryable: false } }),
      },
      secretKeys: { present: parseSecretKey('ab'.repeat(32), 'the key'), old: [] },
    });
    opened = build(rig, database.url);
    close = async () => {
      await rig.stop();
      await database.drop();
    };
  });
  afterAll(() => close());
  return () => {
    if (opened === null) throw new Error('the rig is not open');
    return opened;
  };
}

function build(rig: Rig, databaseUrl: string): CallbackRig {
  const { engine, store } = rig;
  const deliveriesOf = async (run: string) =>
    (await store.deliveries.list('default', { run, limit: 200, beforeId: null })).toReversed();
  return {
    rig,
    databaseUrl,
    deliveriesOf,
    async start(document, callbacks) {
      const { ref: workflow } = await engine.saveWorkflow({ tenant: 'default', document });
      const [result] = await engine.startRuns([
        {
          workflow,
          input: {},
          config: {},
          priority: null,
          tags: [],
          idempotency: null,
          ...(callbacks && { callbacks }),
        },
      ]);
      if (!result || result instanceof Error) throw result ?? new Error('no result');
      return result.runId;
    },
    async add({ url, events = null, isActive = true }) {
      const id = makeUuidV7(Date.now(), systemClock.randomBytes(10));
      const record = { id, tenant: 'default', url, description: null, events, isActive, secret: SECRET };
      const added = await store.callbacks.add(record);
      onTestFinished(async () => void (await store.callbacks.remove('default', id)));
      // What settles believe of who listens is three seconds old at most; a settle asks anew.
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      await rig.run(ECHO);
      await expect.poll(() => isHeard(rig, id), SOON).toBe(true);
      return added;
    },
    deliver({ queue = createMemoryDeliveries(), ...options } = {}) {
      const deps = { deliveries: store.deliveries, queue, clock: systemClock, log: SILENT };
      const courier = createCourier(deps, { everyMs: 30, leaseMs: 5_000, scheduleMs: [20, 20, 20], ...options });
      courier.start();
      onTestFinished(() => courier.stop());
      return courier;
    },
    async until(runId, status, count = 1) {
      await expect
        .poll(async () => (await deliveriesOf(runId)).map((delivery) => delivery.status), SOON)
        .toEqual(Array.from({ length: count }, () => status));
      return deliveriesOf(runId);
    },
    sql: (text) => runStatement(databaseUrl, text),
  };
}

async function isHeard(rig: Rig, callback: string): Promise<boolean> {
  await rig.run(ECHO);
  const heard = await rig.store.deliveries.list('default', { callback, limit: 1, beforeId: null });
  return heard.length > 0 || (await rig.store.callbacks.get('default', callback))?.events !== null;
}
