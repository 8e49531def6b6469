/**
 * Liquid for text templates (rule B12): no partials, nothing random, no clock, no expressions hidden in strings.
 *
 * Objects and arrays print as JSON, null prints nothing.
 */
import { Context, Liquid, type LiquidOptions, type Template } from 'liquidjs/dist/liquid.browser.mjs';

/** Longest source of one text, in characters. */
export const MAX_SOURCE_LENGTH = 1_000_000;

/** Longest text that rendering may give, in characters. */
export const MAX_TEXT_LENGTH = 8_000_000;

/** What filters and outputs of one rendering may make: characters and list entries. */
const MEMORY_LIMIT = 10_000_000;

/** How many pieces (text, outputs, tags) one rendering may write: some hundred milliseconds. */
const MAX_PIECES = 200_000;

/** The net under the other bounds, for operators that compare long values: no template that is meant takes so long. */
const MAX_RENDER_MS = 2_000;

const REFUSED_TAGS = ['include', 'render', 'layout', 'block'];

/** Random, or reading values through an expression in a string, which no analysis of references sees. */
const REFUSED_FILTERS = /^(?:sample|shuffle|where_exp|reject_exp|group_by_exp|has_exp|find_exp|find_index_exp)$/;

const DATE_FILTERS = ['date', 'date_to_xmlschema', 'date_to_rfc822', 'date_to_string', 'date_to_long_string'];

const OPTIONS: LiquidOptions = {
  templates: {},
  ownPropertyOnly: true,
  strictFilters: true,
  parseLimit: MAX_SOURCE_LENGTH,
  timezoneOffset: 0,
  locale: 'en-US',
  outputEscape: printed,
};

type FilterContext = { context: { memoryLimit: { use(count: number): void } } };

/** The engine that parses and renders every text template. */
export const liquid = createLiquid();

/** A value as it stands in a text: strings as they are, null as nothing, everything else as JSON. */
export function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === null || value === undefined ? '' : (JSON.stringify(value) ?? '');
}

/**
 * Renders a parsed template; throws when it goes over a bound.
 *
 * The library bounds a rendering by time alone. Here pieces are counted first, so that a template gives the same result on
 * every machine, however busy it is. The hook is called before each piece, with the library's reading of the time.
 */
export function renderLiquid(parsed: Template[], scope: object): string {
  const context = new Context(scope, liquid.options, { sync: true, memoryLimit: MEMORY_LIMIT });
  let pieces = 0;
  let startedAt: number | undefined;
  context.renderLimit.check = (nowMs) => {
    startedAt ??= nowMs;
    if (++pieces > MAX_PIECES) throw new Error(`it writes more than ${MAX_PIECES} pieces`);
    if (nowMs - startedAt > MAX_RENDER_MS) throw new Error(`it takes longer than ${MAX_RENDER_MS} ms`);
  };
  return liquid.renderSync(parsed, context) as string;
}

function createLiquid(): Liquid {
  const engine = new Liquid(OPTIONS);
  for (const tag of REFUSED_TAGS) delete engine.tags[tag];
  for (const name of Object.keys(engine.filters)) if (REFUSED_FILTERS.test(name)) delete engine.filters[name];
  for (const name of DATE_FILTERS) withoutNow(engine, name);
  // The library's `raw` leaves the printing of objects to the engine it writes for; here it prints like any output.
  engine.registerFilter('raw', (value: unknown) => value);
  return engine;
}

/** Rendering must give the same text for all attempts of a task, so the words that mean the present are refused. */
function withoutNow(engine: Liquid, name: string): void {
  const filter = engine.filters[name];
  if (typeof filter !== 'function') throw new Error(`liquidjs has no filter ${name}`);
  engine.registerFilter(name, function (value: unknown, ...args: unknown[]) {
    if (value === 'now' || value === 'today')
      throw new Error(`'${value}' is not available: it differs between attempts`);
    return filter.call(this, value, ...args);
  });
}

function printed(this: unknown, value: unknown): string {
  const text = toText(value);
  (this as FilterContext).context.memoryLimit.use(text.length);
  return text;
}
