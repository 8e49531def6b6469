/** weft callbacks: who is told what becomes of runs. */
import { setTimeout as pause } from 'node:timers/promises';

import { exitCodes } from '@weft/contract';
import type { CallbackEvent, CallbackView, Delivery, DeliveryStatus, ExitCode } from '@weft/contract';

import { CliError } from '../cli-error.ts';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { painter } from '../output/paint.ts';
import { plainText } from '../output/plain-text.ts';
import { tableLines } from '../output/table.ts';

export type PageOptions = { limit: number; cursor?: string };
export type AddCallbackOptions = { event?: CallbackEvent[]; description?: string };
export type DeliveriesOptions = PageOptions & { status?: DeliveryStatus; callback?: string; run?: string };
export type ReplayOptions = { callback?: string; since?: string };

const LOOK_EVERY_MS = 300;
const LOOKS = 70;

export async function listCallbacks(context: CommandContext, options: PageOptions): Promise<ExitCode> {
  const page = await context.client.callbacks.list({ ...options, signal: context.interrupt });
  const header = ['CALLBACK', 'STATE', 'PENDING', 'EVENTS', 'URL', 'PROBLEM'];
  return showPage(context, page, { header, rows: page.items.map(callbackRow), none: 'no callbacks' });
}

function callbackRow({ id, active, circuit, pending, events, url, problem }: CallbackView): string[] {
  const state = active ? (circuit === 'open' ? 'circuit open' : 'active') : 'not active';
  return [id, state, String(pending), events?.join(' ') ?? 'all', url, problem ?? ''];
}

/** The secret goes to the standard output and everything about it to the error output, so that it can be kept in a variable. */
export async function addCallback(
  context: CommandContext,
  url: string,
  { event, description }: AddCallbackOptions,
): Promise<ExitCode> {
  const wanted = { url, ...(event && { events: event }), ...(description !== undefined && { description }) };
  return tellSecret(context, await context.client.callbacks.create(wanted, { signal: context.interrupt }));
}

export async function rotateSecret(context: CommandContext, id: string): Promise<ExitCode> {
  return tellSecret(context, await context.client.callbacks.rotate(id, {}, { signal: context.interrupt }));
}

function tellSecret(context: CommandContext, made: CallbackView & { secret: string }): ExitCode {
  if (context.json) writeJson(context, made);
  else {
    say(context, `callback ${made.id} to ${made.url}; what it is told is signed with this secret, shown this once:`);
    context.terminal.out.write(`${made.secret}\n`);
  }
  return exitCodes.ok;
}

export async function setActive(context: CommandContext, id: string, active: boolean): Promise<ExitCode> {
  const changed = await context.client.callbacks.update(id, { active }, { signal: context.interrupt });
  return tell(context, changed, `callback ${id} is ${active ? 'told again' : 'told nothing more'}`);
}

export async function removeCallback(context: CommandContext, id: string): Promise<ExitCode> {
  const removed = await context.client.callbacks.remove(id, { signal: context.interrupt });
  return tell(context, removed, `callback ${id} is removed`);
}

/** Fails unless the first attempt is taken. */
export async function testCallback(context: CommandContext, id: string): Promise<ExitCode> {
  const { client, interrupt: signal } = context;
  let delivery = await client.callbacks.test(id, { signal });
  for (let look = 0; look < LOOKS && delivery.log.length === 0 && delivery.status === 'pending'; look++) {
    await pause(LOOK_EVERY_MS, undefined, { signal });
    delivery = await client.callbacks.delivery(delivery.id, { signal });
  }
  tellDelivery(context, delivery);
  return delivery.status === 'delivered' ? exitCodes.ok : exitCodes.runFailed;
}

export async function listDeliveries(context: CommandContext, options: DeliveriesOptions): Promise<ExitCode> {
  const page = await context.client.callbacks.deliveries({ ...options, signal: context.interrupt });
  const header = ['DELIVERY', 'STATUS', 'ATTEMPTS', 'EVENT', 'RUN', 'WHY'];
  const rows = page.items.map(({ id, status, attempts, event, runId, why }) => {
    return [id, status, String(attempts), event, runId ?? '-', why];
  });
  return showPage(context, page, { header, rows, none: 'no deliveries' });
}

export async function whyDelivery(context: CommandContext, id: string): Promise<ExitCode> {
  tellDelivery(context, await context.client.callbacks.delivery(id, { signal: context.interrupt }));
  return exitCodes.ok;
}

export async function replayDeliveries(
  context: CommandContext,
  id: string | undefined,
  { callback, since }: ReplayOptions,
): Promise<ExitCode> {
  const { client, interrupt: signal } = context;
  if ((id === undefined) === (callback === undefined))
    throw new CliError('usage', 'name a delivery, or a callback with --callback', { exitCode: exitCodes.usage });
  if (id !== undefined) {
    tellDelivery(context, await client.callbacks.replayDelivery(id, { signal }));
    return exitCodes.ok;
  }
  const answer = await client.callbacks.replay(callback ?? '', { since, signal });
  return tell(context, answer, `${answer.replayed} deliveries are made again`);
}

function tellDelivery(context: CommandContext, delivery: Delivery): void {
  if (context.json) {
    writeJson(context, delivery);
    return;
  }
  const { id, event, status, url, why, log } = delivery;
  const attempts = log.map(({ at, ms, status: answered, error, body }) => {
    return `  ${at}  ${ms}ms  ${[answered, error, body?.slice(0, 200)].filter(Boolean).join('  ')}`;
  });
  const lines = [`${event} ${id} to ${url ?? 'a callback that is gone'}: ${status}`, `  ${why}`, ...attempts];
  context.terminal.out.write(`${lines.map(plainText).join('\n')}\n`);
}

function tell(context: CommandContext, answer: object, sentence: string): ExitCode {
  if (context.json) writeJson(context, answer);
  else say(context, sentence);
  return exitCodes.ok;
}

function showPage(
  context: CommandContext,
  page: { nextCursor: string | null },
  { header, rows, none }: { header: string[]; rows: string[][]; none: string },
): ExitCode {
  const { terminal } = context;
  if (context.json) {
    writeJson(context, page);
    return exitCodes.ok;
  }
  if (rows.length === 0) say(context, none);
  else {
    const [first = '', ...lines] = tableLines(header, rows);
    terminal.out.write(`${[painter(terminal.out.color)('dim', first), ...lines].join('\n')}\n`);
  }
  if (page.nextCursor !== null) say(context, `more: --cursor ${page.nextCursor}`);
  return exitCodes.ok;
}
