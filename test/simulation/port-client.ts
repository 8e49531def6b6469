/** A port as a process sees it that reaches it over a connection. */
import { AppError } from '@weft/contract';
import { StoreError } from '@weft/engine/ports';

import type { SimProcess } from './sim-process.ts';
import type { World } from './world.ts';

type Method = (...args: never[]) => Promise<unknown>;
type Methods<Port> = { [Name in keyof Port as Port[Name] extends Method ? Name : never]: Port[Name] };

export type Link = { name: string; broken: (outcomeUnknown: boolean) => Error };

export const toStore = (name: string): Link => ({
  name,
  broken: (outcomeUnknown) =>
    new StoreError('the connection to the store is lost', { transient: true, outcomeUnknown, cause: null }),
});

export const toBroker = (name: string): Link => ({
  name,
  broken: () => new Error('the connection to the broker is lost'),
});

/** Sends each call of these methods through the funnel. `target` may be another one at each call. */
export function overConnection<Port extends object>(
  world: World,
  process: SimProcess,
  { target, link, methods }: { target: () => Port; link: Link; methods: readonly (keyof Methods<Port> & string)[] },
): Methods<Port> {
  const clients = methods.map((name) => {
    const client = (...args: never[]) =>
      world.call(process, {
        name: `${link.name}.${name}`,
        detail: briefly(args),
        broken: link.broken,
        run: () => safely(world, `${link.name}.${name}`, () => (target()[name] as unknown as Method)(...args)),
      });
    return [name, client] as const;
  });
  return Object.fromEntries(clients) as unknown as Methods<Port>;
}

/** What a store in memory throws is no lost connection: something was asked of it that cannot be. */
export async function safely<T>(world: World, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isExpected = error instanceof AppError || error instanceof StoreError;
    if (!isExpected)
      world.violate(`${what} threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    throw error;
  }
}

/** What is asked for, as far as it is short. */
function briefly([first, second]: readonly unknown[]): string {
  return second === undefined ? shortOf(first) : `${shortOf(first)} ${shortOf(second)}`;
}

function shortOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.length === 1 ? shortOf(value[0]) : `${value.length} of them`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  const { runId, key, id, taskId, name } = value as Record<string, unknown>;
  return [runId, key, id, taskId, name].filter((one) => typeof one === 'string').join(' ');
}
