/** What models cost: the file that WEFT_PRICES_FILE names, read once. */
import { EndpointPrice } from '@weft/contract';
import { priceOf } from '@weft/engine/domain';
import type { PriceTable } from '@weft/engine/domain';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

import { pricesFile } from './config.ts';
import { messageOf } from './failure.ts';

/** A file of prices that is wrong; its message is one line that says where. */
export class PricesFileError extends Error {
  override readonly name = 'PricesFileError';
  readonly code = 'bad_prices_file';
}

const table = z.record(z.string().min(1).max(200), EndpointPrice);

let known: PriceTable | null = null;

/** Reads the prices, if there is a file of them; whoever asks for one later gets it from there. Throws PricesFileError. */
export function loadPrices(file: string | null = pricesFile()): void {
  known = file === null ? new Map() : readPrices(file);
}

/** What the model costs; null: it is not known. Throws PricesFileError where the file was not read before and is wrong. */
export function modelPrice(model: string): EndpointPrice | null {
  if (known === null) loadPrices();
  return priceOf(known ?? new Map(), model);
}

function readPrices(file: string): PriceTable {
  const parsed = table.safeParse(readJson(file));
  if (parsed.success) return new Map(Object.entries(parsed.data));
  const [issue] = parsed.error.issues;
  throw new PricesFileError(`WEFT_PRICES_FILE ${file}: ${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new PricesFileError(`WEFT_PRICES_FILE ${file}: ${messageOf(error)}`);
  }
}
