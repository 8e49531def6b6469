import type {
  DispatchStore,
  FleetStore,
  ResultCache,
  RunComparer,
  RunReader,
  RunStore,
  WorkflowStore,
} from '@weft/engine/ports';
import { afterAll, beforeAll } from 'vitest';

/** Stores on one empty database, and what a test must be able to do behind their back. */
export type StoresUnderTest = {
  runs: RunStore;
  dispatch: DispatchStore;
  workflows: WorkflowStore;
  fleet: FleetStore;
  reader: RunReader;
  comparer: RunComparer;
  results: ResultCache;
  /** Lets time pass for what is stored: instants move into the past, so due times come nearer and ages grow. */
  elapse: (ms: number) => Promise<void>;
  /** Holds a run and its tasks as a transaction does that is about to commit a settle, until the returned function is called. */
  hold: (runId: string) => Promise<() => Promise<void>>;
  close: () => Promise<void>;
};

export type OpenStores = () => Promise<StoresUnderTest>;

type Closable = Pick<StoresUnderTest, 'close'>;

/** Opens the stores before the first test of the suite and closes them after its last; the tests share the database. */
export function openStoresOnce<Stores extends Closable>(open: () => Promise<Stores>): () => Stores {
  let stores: Stores | null = null;
  beforeAll(async () => {
    stores = await open();
  });
  afterAll(async () => {
    await stores?.close();
  });
  return () => {
    if (!stores) throw new Error('the stores are not open');
    return stores;
  };
}
