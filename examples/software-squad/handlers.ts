/**
 * The squad: an architect who plans, a developer who writes, and a QA engineer who tries what was written.
 *
 * What they make is small and real: a feature is a list of text operations with examples. Each of the three takes the
 * brief and gives it on with what it adds, so that each can also be asked alone. How long they ponder is up to the brief
 * (`effortMs`); with `stumbles: 2` the developer fails in the first two attempts.
 */
import { setTimeout as ponder } from 'node:timers/promises';

import type { Json, JsonObject } from '@weft/contract';
import type { Handler, HandlerContext } from '@weft/executors';

type Craft = { code: string; apply: (text: string) => string };

const CRAFTS = new Map<string, Craft>([
  ['trim', { code: '.trim()', apply: (text) => text.trim() }],
  ['lower', { code: '.toLowerCase()', apply: (text) => text.toLowerCase() }],
  ['upper', { code: '.toUpperCase()', apply: (text) => text.toUpperCase() }],
  ['hyphenate', { code: ".replaceAll(/\\s+/g, '-')", apply: (text) => text.replaceAll(/\s+/g, '-') }],
  ['unaccent', { code: ".normalize('NFD').replaceAll(/\\p{M}/gu, '')", apply: unaccented }],
  ['letters', { code: ".replaceAll(/[^\\p{L}\\s]/gu, '')", apply: (text) => text.replaceAll(/[^\p{L}\s]/gu, '') }],
]);

type Brief = JsonObject & { title: string; steps: string[]; examples: [given: string, expected: string][] };

/** Decides on the parts: steps that nobody knows are refused before anyone writes a line. */
async function architect(input: Json, ctx: HandlerContext): Promise<Json> {
  const brief = readBrief(input);
  await effort(brief, ctx);
  const parts = brief.steps.map((step, index) => ({ part: index + 1, step }));
  ctx.log('info', 'planned', { title: brief.title, parts: parts.length });
  return { ...brief, parts };
}

/** Writes the code. */
async function developer(input: Json, ctx: HandlerContext): Promise<Json> {
  const brief = readBrief(input);
  await effort(brief, ctx);
  if (ctx.attempt <= Number(brief['stumbles'] ?? 0)) {
    throw Object.assign(new Error(`${brief.title}: coffee on the keyboard`), { code: 'stumbled' });
  }
  const code = `export const run = (text) => text${brief.steps.map((step) => craftOf(step).code).join('')};`;
  return { ...brief, code };
}

/** Tries the steps with every example. A feature that is wrong would be wrong again, so it is not tried again. */
async function qa(input: Json, ctx: HandlerContext): Promise<Json> {
  const brief = readBrief(input);
  await effort(brief, ctx);
  for (const [given, expected] of brief.examples) {
    const found = brief.steps.reduce((text, step) => craftOf(step).apply(text), given);
    if (found !== expected)
      throw refusal('qa_failed', `${brief.title}: "${given}" became "${found}", not "${expected}"`);
  }
  return { title: brief.title, verdict: 'shipped', checked: brief.examples.length, code: brief['code'] ?? null };
}

async function effort(brief: Brief, { signal }: HandlerContext): Promise<void> {
  await ponder(Number(brief['effortMs'] ?? 0), undefined, { signal });
}

function readBrief(input: Json): Brief {
  const brief = (typeof input === 'object' && input !== null ? input : {}) as Partial<Brief>;
  if (typeof brief.title !== 'string' || !Array.isArray(brief.steps) || !Array.isArray(brief.examples)) {
    throw refusal('bad_brief', 'a brief has a title, steps and examples');
  }
  for (const step of brief.steps) craftOf(step);
  return brief as Brief;
}

function craftOf(step: string): Craft {
  const craft = CRAFTS.get(step);
  if (craft === undefined) throw refusal('bad_brief', `nobody in the squad knows how to "${step}"`);
  return craft;
}

function unaccented(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '');
}

/** An error that another attempt would not cure. */
function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code, retryable: false });
}

export default { architect, developer, qa } satisfies Record<string, Handler>;
