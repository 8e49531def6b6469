import type { Place } from '@weft/engine/domain';
import { uuidTimeMs } from '@weft/engine/domain';
import type { HeldEvent, LiveEntry, LiveLimits, LiveLog, LivePage, LiveRead } from '@weft/engine/ports';

import type { RedisConnection } from './connection.ts';
import { runChannels, sharedBase } from './keys.ts';
import { Scripts } from './scripts.ts';

export type RedisLiveLogOptions = Partial<LiveLimits>;

const LIMITS: LiveLimits = {
  runEvents: 2048,
  runBytes: 2 * 1024 * 1024,
  totalBytes: 256 * 1024 * 1024,
  idleMs: 3_600_000,
};
/** Events that go out in one round trip, at most, and bytes of them: a script holds up all others. */
const BATCH = 500;
const BATCH_BYTES = 1024 * 1024;

/** The live log of all processes on this Redis: a capped stream for each run (`scripts/live.lua`). */
export function createRedisLiveLog(connection: RedisConnection, options: RedisLiveLogOptions = {}): LiveLog {
  const limits = { ...LIMITS, ...options };
  const scripts = new Scripts(connection.commands);
  const base = sharedBase(connection.prefix);
  const { runEvents, runBytes, totalBytes, idleMs } = limits;
  const head = [runChannels(connection.prefix), runEvents, runBytes, totalBytes, idleMs];
  // Of runs that begin from now on, and until Redis forgets, it is known that nothing of them is missing.
  const begin = (): void => void scripts.run('live-since', base, []).catch(() => undefined);
  connection.commands.on('ready', begin);
  begin();
  return {
    async append(entries) {
      for (const batch of inBatches(entries)) await scripts.run('live-append', base, [...head, ...batch]);
    },
    async read(request) {
      return toPage(await scripts.run('live-read', base, readArguments(request, idleMs)));
    },
  };
}

function* inBatches(entries: readonly LiveEntry[]): Generator<(string | number)[]> {
  let batch: (string | number)[] = [];
  let bytes = 0;
  let count = 0;
  for (const entry of entries) {
    const text = entry.mode === 'lost' ? '' : encode(entry);
    batch.push(entry.runId, startOf(entry.runId), entry.step, kindOf(entry), text);
    bytes += text.length;
    count += 1;
    if (count < BATCH && bytes < BATCH_BYTES) continue;
    yield batch;
    [batch, bytes, count] = [[], 0, 0];
  }
  if (count > 0) yield batch;
}

function kindOf(entry: LiveEntry): 'l' | 'f' | 'e' {
  if (entry.mode === 'lost') return 'l';
  return entry.fleeting ? 'f' : 'e';
}

function startOf(runId: string): number {
  const startedAt = uuidTimeMs(runId);
  return Number.isNaN(startedAt) ? -1 : startedAt;
}

function encode({ mode, type, at, data }: Exclude<LiveEntry, { mode: 'lost' }>): string {
  return JSON.stringify([mode, type, at, data]);
}

function readArguments({ runId, step, after, limit }: LiveRead, idleMs: number): (string | number)[] {
  return [runId, startOf(runId), step, after.step, after.n, limit, idleMs];
}

type Answer = [lost: number, more: number, step: number, n: number, ...events: string[]];

function toPage(answer: unknown): LivePage {
  const [lost, more, step, n, ...texts] = answer as Answer;
  const events: HeldEvent[] = [];
  for (let at = 0; at < texts.length; at += 2) {
    events.push(decode(texts[at] ?? '', texts[at + 1] ?? ''));
  }
  return { events, next: { step, n }, more: more === 1, lost: lost === 1 };
}

function decode(id: string, text: string): HeldEvent {
  const [mode, type, at, data] = JSON.parse(text) as [HeldEvent['mode'], string, number, HeldEvent['data']];
  const { step, n } = placeOf(id);
  return { step, n, mode, type, at, data };
}

function placeOf(id: string): Place {
  const [step = 0, n = 0] = id.split('-').map(Number);
  return { step, n };
}
