/** All cases, with their groups. */
import type { Case, Group } from '../case.ts';
import { cache } from './cache.ts';
import { channels } from './channels.ts';
import { durability } from './durability.ts';
import { edges } from './edges.ts';
import { errors } from './errors.ts';
import { interrupts } from './interrupts.ts';
import { limits } from './limits.ts';
import { ordering } from './ordering.ts';
import { sends } from './sends.ts';
import { streams } from './streams.ts';
import { subgraphs } from './subgraphs.ts';
import { timeTravel } from './time-travel.ts';

const GROUPED: readonly (readonly [Group, Omit<Case, 'group'>[]])[] = [
  ['channels', channels],
  ['ordering', ordering],
  ['edges and joins', edges],
  ['sends and gotos', sends],
  ['interrupts', interrupts],
  ['errors and retry', errors],
  ['time travel', timeTravel],
  ['durability', durability],
  ['streams', streams],
  ['cache', cache],
  ['subgraphs', subgraphs],
  ['limits', limits],
];

export const cases: Case[] = GROUPED.flatMap(([group, list]) => list.map((one) => ({ group, ...one })));
