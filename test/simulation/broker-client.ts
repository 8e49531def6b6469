/** The broker as a process sees it. */
import type { Ack, Broker, ClaimRequest, TaskMessage } from '@weft/engine/ports';

import { copy } from '@weft/testing/rows';

import { overConnection, toBroker } from './port-client.ts';
import type { Services } from './services.ts';
import type { SimProcess } from './sim-process.ts';
import type { World } from './world.ts';

type Means = { world: World; process: SimProcess; services: Services };

const ALL = ['recall', 'claimed', 'held', 'depths', 'epoch'] as const;

export function createBrokerClient(means: Means): Broker {
  const { world, process, services } = means;
  const { broken } = toBroker('broker');
  /** What claims took whose answers were lost: the next claim of this process puts it back. */
  const lost: Lost[] = [];
  return {
    ...overConnection<Broker>(world, process, {
      target: () => services.broker,
      link: toBroker('broker'),
      methods: ALL,
    }),
    publish: (messages, acks = []) =>
      world.call(process, {
        name: 'broker.publish',
        detail: publishText(messages, acks),
        broken,
        mayHappenTwice: true,
        run: () => services.broker.publish(copy(messages.filter(() => !world.faults.strikes('lostMessage'))), acks),
      }),
    release: (worker, messages) =>
      world.call(process, {
        name: 'broker.release',
        detail: messages.map(nameOf).join(', '),
        broken,
        mayHappenTwice: true,
        run: () => services.broker.release(worker, messages),
      }),
    arrange: (order) => services.broker.arrange(order),
    claim: (request) => claim(means, request, lost),
    revoke: (runId) =>
      world.call(process, { name: 'broker.revoke', detail: runId, broken, run: () => tellRevoked(means, runId) }),
    onRevoke(listener) {
      services.revokeListeners.set(process, listener);
      return () => services.revokeListeners.delete(process);
    },
  };
}

function tellRevoked({ world, services }: Means, runId: string): void {
  for (const [process, listener] of services.revokeListeners)
    if (!world.faults.strikes('lostRevoke')) world.agenda.after(world.latency(), process, () => listener(runId));
}

/** Waits over there until there is something; with the process its connection ends, and with that the claim. */
function claim({ world, process, services }: Means, request: ClaimRequest, lost: Lost[]): Promise<TaskMessage[]> {
  const { worker, lanes, limit, signal, onWait } = request;
  const { broken } = toBroker('broker');
  return world.call(process, {
    name: 'broker.claim',
    detail: `${worker} ${limit}`,
    broken,
    unheard: (messages) => {
      lost.push({ worker, messages });
      world.agenda.after(RECOVER_MS, process, () => void putBack(services, lost));
    },
    run: async () => {
      const { broker } = services;
      await putBack(services, lost);
      const ending = new AbortController();
      let why: string | null = null;
      const end = (reason: string) => {
        why = reason;
        ending.abort();
      };
      const offDeath = process.onEnd(() => end('the process is dead'));
      const onAbort = () => void world.agenda.after(world.latency(), process, () => ending.abort());
      if (signal.aborted) ending.abort();
      else signal.addEventListener('abort', onAbort, { once: true });
      services.waiting.add(end);
      const wait = () => void world.agenda.after(world.latency(), process, () => onWait?.());
      try {
        const messages = await broker.claim({ worker, lanes, limit, signal: ending.signal, onWait: wait });
        if (messages.length > 0) world.note('broker', `gives ${worker} ${messages.map(nameOf).join(', ')}`);
        if (why !== null && messages.length === 0) throw new Error(why);
        return copy(messages);
      } finally {
        services.waiting.delete(end);
        signal.removeEventListener('abort', onAbort);
        offDeath();
      }
    },
  });
}

type Lost = { worker: string; messages: TaskMessage[] };

/** A claim that waits looks at its lanes this often, and puts back then what it has not heard of. */
const RECOVER_MS = 500;

async function putBack({ broker }: Services, lost: Lost[]): Promise<void> {
  for (const { worker, messages } of lost.splice(0)) await broker.release(worker, messages);
}

function publishText(messages: readonly TaskMessage[], acks: readonly Ack[]): string {
  return `${messages.map(nameOf).join(', ')}${acks.length > 0 ? ` acks ${acks.map(nameOf).join(', ')}` : ''}`;
}

function nameOf({ taskId, attempt }: { taskId: string; attempt: number }): string {
  return `${taskId}/${attempt}`;
}
