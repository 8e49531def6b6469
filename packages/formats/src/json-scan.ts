/**
 * What `JSON.parse` lets pass: depth without bound, a name given twice (it keeps the last), names that reach into
 * prototypes, numbers that become Infinity, and text that no database holds.
 */
import { DANGEROUS_KEYS } from '@weft/contract';
import { type Issue, IssueList } from './issue-list.ts';
import { type JsonVisitor, walkJson } from './json-walk.ts';
import { LineIndex } from './source-map.ts';

export type ScanOptions = {
  /** How many containers may stand within each other. */
  maxDepth: number;
};

/** Everything wrong with the text, in order; empty if it may be given to `JSON.parse`. Linear in its length. */
export function scanJson(text: string, options: ScanOptions): Issue[] {
  const scan = new JsonScan(text, options);
  const fault = walkJson(text, scan);
  if (fault) scan.report('unparsable', fault.at, `not JSON: ${fault.message}`);
  return scan.issues.items;
}

/** An open container: the names it has so far, and where the walk is in it. */
type Level = { names: Set<string> | null; token: string | number };

class JsonScan implements JsonVisitor {
  readonly issues = new IssueList();
  readonly #levels: Level[] = [];
  readonly #text: string;
  readonly #maxDepth: number;
  #lines: LineIndex | undefined;

  constructor(text: string, { maxDepth }: ScanOptions) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  open(kind: 'object' | 'array', at: number): boolean {
    if (this.#levels.length >= this.#maxDepth) {
      this.report('limit_depth', at, `nested more than ${this.#maxDepth} levels deep`);
      return false;
    }
    this.#levels.push(kind === 'object' ? { names: new Set(), token: '' } : { names: null, token: -1 });
    return true;
  }

  close(): void {
    this.#levels.pop();
  }

  value(): void {
    const level = this.#levels.at(-1);
    if (typeof level?.token === 'number') level.token += 1;
  }

  key(name: string, at: number): boolean {
    const level = this.#levels.at(-1);
    if (!level?.names) return true;
    level.token = name;
    if (DANGEROUS_KEYS.has(name)) this.report('bad_name', at, `the name ${name} is not allowed`);
    else if (!isStorable(name)) this.report('bad_name', at, UNSTORABLE);
    if (level.names.has(name))
      this.report('duplicate_name', at, `${JSON.stringify(name.slice(0, 100))} is given twice`);
    else level.names.add(name);
    return !this.issues.full;
  }

  suspect(text: string, at: number): boolean {
    const isString = this.#text[at] === '"';
    if (isString && !isStorable(text)) this.report('invalid_value', at, UNSTORABLE);
    if (!isString && !Number.isFinite(Number(text))) this.report('invalid_value', at, 'the number is too large');
    return !this.issues.full;
  }

  report(code: Issue['code'], at: number, message: string): void {
    this.#lines ??= new LineIndex(this.#text);
    const path = this.#levels.map((level) => level.token);
    this.issues.add(code, code === 'unparsable' ? [] : path, { message, ...this.#lines.locate(at) });
  }
}

const UNSTORABLE = 'text must not contain U+0000 or half of a surrogate pair';

/** Whether Postgres can hold the text. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}
