/**
 * Goes through JSON text once, from left to right, without recursion: text of any depth costs linear time and no stack.
 * Accepts exactly the grammar of RFC 8259, so `JSON.parse` takes what it takes.
 */

/** What the walk meets. A method that returns false ends the walk at once. */
export type JsonVisitor = {
  /** A member's name, decoded; `at` is the offset of its opening quote. */
  key?(name: string, at: number): boolean | void;
  /** A value begins: a member's, an element, or the root. */
  value?(at: number): boolean | void;
  /** A string value or number that may not survive: it has `\u` escapes, or an exponent or many digits. */
  suspect?(text: string, at: number): boolean | void;
  open?(kind: 'object' | 'array', at: number): boolean | void;
  close?(): boolean | void;
};

/** Where the text stops being JSON. */
export type JsonFault = { at: number; message: string };

/** Walks the whole text; the fault, if it is not JSON. A walk that a visitor ended has none. */
export function walkJson(text: string, visitor: JsonVisitor): JsonFault | undefined {
  return new JsonWalk(text, visitor).run();
}

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const BACKSLASH = 92;
const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
/** Integers up to this length are exact enough not to be looked at again. */
const PLAIN_NUMBER_LENGTH = 300;

class JsonWalk {
  #at = 0;
  #escaped = false;
  /** The closing character of each open container. */
  readonly #open: number[] = [];
  /** True directly after an opening bracket: the container may end, and no comma is due. */
  #fresh = false;
  #fault: JsonFault | undefined;
  readonly #text: string;
  readonly #visitor: JsonVisitor;

  constructor(text: string, visitor: JsonVisitor) {
    this.#text = text;
    this.#visitor = visitor;
  }

  run(): JsonFault | undefined {
    let going = this.#space() && this.#value();
    while (going && this.#open.length > 0) going = this.#step();
    if (going && this.#space() && this.#at < this.#text.length) this.#fail('expected the end of the text');
    return this.#fault;
  }

  /** One member, one element, or the end of the innermost container. */
  #step(): boolean {
    this.#space();
    const closing = this.#open.at(-1);
    const fresh = this.#fresh;
    this.#fresh = false;
    if (this.#code() === closing) return this.#close();
    if (!fresh) {
      if (this.#code() !== COMMA) return this.#fail(`expected , or ${closing === CLOSE_OBJECT ? '}' : ']'}`);
      this.#at += 1;
      this.#space();
    }
    if (closing === CLOSE_OBJECT && !this.#member()) return false;
    return this.#value();
  }

  /** A name and its colon. */
  #member(): boolean {
    const start = this.#at;
    if (this.#code() !== QUOTE) return this.#fail('expected a name in double quotes');
    if (!this.#string()) return false;
    if (this.#visitor.key?.(this.#decoded(start), start) === false) return false;
    this.#space();
    if (this.#code() !== COLON) return this.#fail('expected :');
    this.#at += 1;
    return this.#space();
  }

  #value(): boolean {
    const start = this.#at;
    const code = this.#code();
    if (this.#visitor.value?.(start) === false) return false;
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) return this.#enter(code === OPEN_OBJECT);
    if (code === QUOTE) return this.#string() && (!this.#escaped || this.#report(this.#decoded(start), start));
    if (code === 45 || (code >= 48 && code <= 57)) return this.#number();
    for (const word of ['true', 'false', 'null']) {
      if (!this.#text.startsWith(word, start)) continue;
      this.#at += word.length;
      return true;
    }
    return this.#fail('expected a value');
  }

  #enter(isObject: boolean): boolean {
    if (this.#visitor.open?.(isObject ? 'object' : 'array', this.#at) === false) return false;
    this.#open.push(isObject ? CLOSE_OBJECT : CLOSE_ARRAY);
    this.#fresh = true;
    this.#at += 1;
    return true;
  }

  #close(): boolean {
    this.#open.pop();
    this.#at += 1;
    return this.#visitor.close?.() !== false;
  }

  #number(): boolean {
    const start = this.#at;
    NUMBER.lastIndex = start;
    const match = NUMBER.exec(this.#text)?.[0];
    if (match === undefined) return this.#fail('expected a number');
    this.#at += match.length;
    const plain = match.length <= PLAIN_NUMBER_LENGTH && !/[eE]/.test(match);
    return plain || this.#report(match, start);
  }

  /** Moves behind the closing quote. */
  #string(): boolean {
    const text = this.#text;
    this.#escaped = false;
    let at = this.#at + 1;
    for (; ; at += 1) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        ESCAPE.lastIndex = at;
        if (!ESCAPE.test(text)) return this.#fail('expected a valid escape', at);
        if (text.charCodeAt(at + 1) === 117) this.#escaped = true;
        at = ESCAPE.lastIndex - 1;
      } else if (!(code >= 32)) {
        // NaN at the end of the text falls through to here as well.
        return this.#fail(
          at < text.length ? 'control characters in a string must be escaped' : 'expected a closing quote',
          at,
        );
      }
    }
    this.#at = at + 1;
    return true;
  }

  #decoded(start: number): string {
    const inner = this.#text.slice(start + 1, this.#at - 1);
    return inner.includes('\\') ? (JSON.parse(`"${inner}"`) as string) : inner;
  }

  #report(text: string, at: number): boolean {
    return this.#visitor.suspect?.(text, at) !== false;
  }

  #code(): number {
    return this.#text.charCodeAt(this.#at);
  }

  #space(): true {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return true;
      this.#at += 1;
    }
  }

  #fail(message: string, at = this.#at): false {
    const ended = at >= this.#text.length ? ', but the text ends' : '';
    this.#fault = { at, message: message + ended };
    return false;
  }
}
