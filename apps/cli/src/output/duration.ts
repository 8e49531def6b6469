const UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** A duration as people read it: `12ms`, `3.4s`, `2m05s`, `1h02m`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))}ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${twoDigits(seconds % 60)}s`;
  return `${Math.floor(minutes / 60)}h${twoDigits(minutes % 60)}m`;
}

/** Reads `500ms`, `30s`, `5m`, `1h` or a bare number of seconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)?$/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * UNITS_MS[(match[2] ?? 's') as keyof typeof UNITS_MS];
}

const AGES_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** Reads an age such as `90m`, `12h`, `30d` or `8w`, ms; undefined for anything else, and above a hundred years. */
export function parseAge(text: string): number | undefined {
  const match = /^(\d{1,7})(m|h|d|w)$/.exec(text);
  if (match === null) return undefined;
  const ms = Number(match[1]) * AGES_MS[match[2] as keyof typeof AGES_MS];
  return ms <= 36_500 * AGES_MS.d ? ms : undefined;
}

/** An age in the greatest unit that divides it. */
export function formatAge(ms: number): string {
  const units = Object.entries(AGES_MS).toReversed();
  const [unit, size] = units.find(([, unitMs]) => ms > 0 && ms % unitMs === 0) ?? [];
  return unit === undefined || size === undefined ? formatDuration(ms) : `${ms / size}${unit}`;
}

/** From one instant (ISO 8601) to another; null where one is missing. */
export function elapsedMs(from: string | null, to: string | null): number | null {
  return from === null || to === null ? null : Date.parse(to) - Date.parse(from);
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
