import type { Colours } from './draw.ts';

const NAMES = [
  'ink',
  'soft',
  'line',
  'panel',
  'accent',
  'pending',
  'ready',
  'running',
  'waiting',
  'succeeded',
  'failed',
  'skipped',
  'cancelled',
] as const;

/** The colours of the theme, for what is drawn and not styled. */
export function themeColours(): Colours {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Colours;
}
