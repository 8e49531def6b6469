/** The flags of a bench: numbers, each with its default. `--scale`, `--pairs`, `--seconds` and `--write` are taken by all. */
import { parseArgs } from 'node:util';

type Common = { scale: number; pairs: number; seconds: number };

export function readNumbers<T extends Record<string, number>>(defaults: T): T & Common {
  const all: Record<string, number> = { scale: 1, pairs: 7, seconds: 10, ...defaults };
  const options = Object.fromEntries(Object.keys(all).map((name) => [name, { type: 'string' as const }]));
  const { values } = parseArgs({ options: { ...options, write: { type: 'boolean' } } });
  const numbers = Object.entries(all).map(([name, value]) => {
    const given = values[name as keyof typeof values];
    return [name, given === undefined ? value : Number(given)];
  });
  return Object.fromEntries(numbers) as T & Common;
}
