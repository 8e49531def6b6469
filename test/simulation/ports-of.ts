/** All that one process needs of the outside. */
import type {
  BudgetStore,
  DispatchStore,
  EndpointStore,
  FleetStore,
  Housekeeping,
  LimitStore,
  LiveLog,
  ResultCache,
  RunReader,
  Timers,
  WorkflowStore,
} from '@weft/engine/ports';
import type { EngineDeps } from '@weft/engine/runtime';
import { checkInput } from '@weft/engine/domain';

import { createBrokerClient } from './broker-client.ts';
import { overConnection, toBroker, toStore } from './port-client.ts';
import type { Services } from './services.ts';
import type { SimProcess } from './sim-process.ts';
import { createStoreClient } from './store-client.ts';
import type { World } from './world.ts';

type Means = { world: World; process: SimProcess; services: Services; onChange: (runIds: readonly string[]) => void };

/** The lines of the log that tell of a mistake in the engine, whatever the outside did. */
const MISTAKES = ['the engine could not compute a step', 'the store refused an event'];

/** Chores have nothing to do with what is simulated. */
const NO_CHORES: Housekeeping = { keep: async () => undefined, onTurn: () => () => undefined };

/** Nothing outside does work here. */
const NO_ENDPOINTS = {
  version: async () => 0,
  list: async () => [],
} as Pick<EndpointStore, 'version' | 'list'> as EndpointStore;

/** Nobody is limited here. */
const NO_LIMITS = {
  load: async (since) => (since === null ? { version: 1, tenants: [], keys: [], paused: [] } : null),
} as Pick<LimitStore, 'load'> as LimitStore;

/** Nobody has a budget here. */
const NO_BUDGETS = {
  load: async (since) => (since === null ? { version: 1, budgets: [] } : null),
  sweep: async () => 0,
} as Pick<BudgetStore, 'load' | 'sweep'> as BudgetStore;

export function portsOf(means: Means): EngineDeps {
  const { world, process, services } = means;
  const { stores } = services;
  const store = <Port extends object>(
    name: string,
    port: Port,
    methods: Parameters<typeof overConnection<Port>>[2]['methods'],
  ) => overConnection<Port>(world, process, { target: () => port, link: toStore(name), methods });
  return {
    runs: createStoreClient(means),
    dispatch: store<DispatchStore>('dispatch', services.dispatch, methodsOf(services.dispatch)),
    workflows: store<WorkflowStore>('workflows', stores.workflows, methodsOf(stores.workflows)),
    fleet: store<FleetStore>('fleet', services.fleet, ['register', 'beat', 'list', 'end']),
    reader: store<RunReader>('reader', stores.reader, methodsOf(stores.reader)),
    results: store<ResultCache>('results', services.results, methodsOf(services.results)),
    broker: createBrokerClient(means),
    bus: { publish: () => undefined, subscribe: () => () => undefined },
    live: overConnection<LiveLog>(world, process, {
      target: () => services.live,
      link: toBroker('live'),
      methods: ['append', 'read'],
    }),
    timers: timersOf(means),
    housekeeping: NO_CHORES,
    inputs: { check: async (schema, input) => (schema ? checkInput(schema, input) : []) },
    clock: process.clock,
    log: logOf(means),
    comparer: notHere('comparer'),
    letters: notHere('letters'),
    limits: NO_LIMITS,
    schedules: notHere('schedules'),
    endpoints: NO_ENDPOINTS,
    budgets: NO_BUDGETS,
    gate: { keyedTenants: async () => [], pass: async () => null },
    rates: notHere('rates'),
    retention: notHere('retention'),
  };
}

function timersOf({ world, process, services }: Means): Timers {
  return {
    ...overConnection<Timers>(world, process, {
      target: () => services.timers,
      link: toBroker('timers'),
      methods: ['schedule'],
    }),
    onDue(listener) {
      services.timerListeners.set(process, listener);
      return () => services.timerListeners.delete(process);
    },
  };
}

function logOf({ world, process }: Means): EngineDeps['log'] {
  const note = (fields: { err?: unknown }, message: string): void => {
    const cause = fields.err instanceof Error ? `: ${fields.err.message}` : '';
    if (MISTAKES.includes(message)) world.violate(`${process.name} logs: ${message}${cause}`);
    else world.note(process.name, `logs: ${message}${cause}`);
  };
  return { debug: () => undefined, info: note, warn: note, error: note };
}

function methodsOf<Port extends object>(port: Port): (keyof Port & string)[] {
  return Object.keys(port) as (keyof Port & string)[];
}

/** A port that no simulated use case takes. */
function notHere(name: string): never {
  const handler = {
    get: (_: object, method: string | symbol) => {
      throw new Error(`${name}.${String(method)} is not simulated`);
    },
  };
  return new Proxy({}, handler) as never;
}
