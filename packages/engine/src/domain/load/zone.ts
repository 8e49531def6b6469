/**
 * How near to its limits a process is (the law of backpressure).
 *
 * Entered at one mark and left at a lower one, so that it does not flap: `share` is the memory that is used of what may be
 * used, smoothed. The soft limit is where orange begins; below 85 % of it claims begin again.
 */

/** In order: green works freely, yellow grows slowly, orange claims nothing, red hands back, critical leaves. */
export const ZONES = ['green', 'yellow', 'orange', 'red', 'critical'] as const;
export type Zone = (typeof ZONES)[number];

/** `share` of the tightest bound; `running` tasks; `nowMs` monotonic. */
export type ZoneSample = { share: number; lagMs: number; running: number; nowMs: number };

export type ZoneState = {
  zone: Zone;
  /** The smoothed share. */
  level: number;
  /** Of memory alone. */
  memory: Zone;
  isLagging: boolean;
  /** Samples in a row at or above the mark of red. */
  hotSamples: number;
  /** Since when the level is low enough to leave orange, and the loop quick enough. */
  lowSince: number | null;
  quickSince: number | null;
  /** Since when nothing ran although claims are stopped for want of memory. */
  idleSince: number | null;
  /** How long orange lasts at least once the level is low; longer each time it comes back soon. */
  dwellMs: number;
  leftAt: number;
};

export const SOFT_LIMIT = 0.8;
const MARKS = {
  yellow: { enter: 0.7, leave: 0.65 },
  orange: { enter: SOFT_LIMIT, leave: 0.85 * SOFT_LIMIT },
  red: { enter: 0.9, leave: 0.75 },
  critical: { enter: 0.95, leave: 0.75 },
} as const;
const HOT_SAMPLES = 2;
const SMOOTHING = 0.5;

const DWELL_MS = 5000;
const LONGEST_DWELL_MS = 40_000;
/** Orange that comes back within this time after it was left lasts longer the next time. */
const SOON_MS = 60_000;
/** A process that could take nothing for so long is of no use: it makes room for another one. */
const IDLE_MS = 30_000;

const LAG = { enterMs: 1000, leaveMs: 250, quickMs: 1000 };

export const CALM: ZoneState = {
  zone: 'green',
  level: 0,
  memory: 'green',
  isLagging: false,
  hotSamples: 0,
  lowSince: null,
  quickSince: null,
  idleSince: null,
  dwellMs: DWELL_MS,
  leftAt: Number.NEGATIVE_INFINITY,
};

/** Whether a zone is at least as bad as another. */
export function isAtLeast(zone: Zone, other: Zone): boolean {
  return ZONES.indexOf(zone) >= ZONES.indexOf(other);
}

/** Whether the zones of short memory begin at this share. */
export function isTightAt(share: number): boolean {
  return share >= MARKS.yellow.enter;
}

/** The state after one more sample. Samples come in order of time. */
export function nextZone(state: ZoneState, sample: ZoneSample): ZoneState {
  const level = state.level === 0 ? sample.share : state.level + SMOOTHING * (sample.share - state.level);
  const next = withLag({ ...state, level }, sample);
  next.hotSamples = level >= MARKS.red.enter ? state.hotSamples + 1 : 0;
  next.lowSince = level < MARKS.orange.leave ? (state.lowSince ?? sample.nowMs) : null;
  const memory = memoryZone(next, sample.nowMs);
  if (isAtLeast(memory, 'orange') && !isAtLeast(state.memory, 'orange')) enterOrange(next, sample.nowMs);
  if (!isAtLeast(memory, 'orange') && isAtLeast(state.memory, 'orange')) next.leftAt = sample.nowMs;
  next.memory = memory;
  const isStuck = isAtLeast(memory, 'orange') && sample.running === 0;
  next.idleSince = isStuck ? (state.idleSince ?? sample.nowMs) : null;
  if (next.idleSince !== null && sample.nowMs - next.idleSince >= IDLE_MS) next.memory = 'critical';
  next.zone = next.isLagging && !isAtLeast(next.memory, 'orange') ? 'orange' : next.memory;
  return next;
}

function withLag(state: ZoneState, { lagMs, nowMs }: ZoneSample): ZoneState {
  if (lagMs >= LAG.enterMs) return { ...state, isLagging: true, quickSince: null };
  if (!state.isLagging) return state;
  const quickSince = lagMs < LAG.leaveMs ? (state.quickSince ?? nowMs) : null;
  return { ...state, quickSince, isLagging: quickSince === null || nowMs - quickSince < LAG.quickMs };
}

function enterOrange(state: ZoneState, nowMs: number): void {
  const isBack = nowMs - state.leftAt < SOON_MS;
  state.dwellMs = isBack ? Math.min(2 * state.dwellMs, LONGEST_DWELL_MS) : DWELL_MS;
}

function memoryZone({ memory, level, hotSamples, lowSince, dwellMs }: ZoneState, nowMs: number): Zone {
  if (level >= MARKS.critical.enter) return 'critical';
  if (hotSamples >= HOT_SAMPLES) return memory === 'critical' ? 'critical' : 'red';
  if (isAtLeast(memory, 'red')) return level < MARKS.red.leave ? 'orange' : memory;
  if (level >= MARKS.orange.enter) return 'orange';
  if (memory === 'orange' && (lowSince === null || nowMs - lowSince < dwellMs)) return 'orange';
  if (level >= MARKS.yellow.enter) return 'yellow';
  return memory !== 'green' && level >= MARKS.yellow.leave ? 'yellow' : 'green';
}
