const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A size as people read it: `812 B`, `3.4 KiB`, `12 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1023.5 && unit < UNITS.length - 1; unit++) value /= 1024;
  const text = unit > 0 && value < 9.95 ? value.toFixed(1) : String(Math.round(value));
  return `${text} ${UNITS[unit]}`;
}
