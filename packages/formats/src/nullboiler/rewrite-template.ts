/**
 * NullBoiler's templates as Liquid that prints the same. What differs: every tag but `if`, `else` and `endif` is plain text
 * there; an expression that is not known prints nothing; and a condition looks at the text that its value prints as, so
 * that "", false, 0, null, [] and the texts "false", "0", "null", "[]" are false, of which Liquid takes most for true.
 */

/** What is wrong with a template: NullBoiler fails the node that renders it. */
export class TemplateFault extends Error {}

export type TemplateReader = {
  /** Native text that prints what stands within `{{ }}` or behind `if`; null if it is always empty. */
  resolve(expression: string): string | null;
  /** Called for a tag that is plain text. */
  literalTag(tag: string): void;
  /** The texts that a condition takes for false. */
  falsy: readonly string[];
};

/** The native template. Throws TemplateFault. Linear in the length of the text. */
export function rewriteTemplate(source: string, reader: TemplateReader): string {
  return new Rewriting(source, reader).run();
}

/** What `{` and `$` must not begin here: plain text that the native languages would read. */
const MARKUP = /\$\{(?![{%]|$)|\{[{%]|\{$/g;

/** Prints nothing, and keeps apart what stands around it. */
const NOTHING = "{{ '' }}";

class Rewriting {
  readonly #source: string;
  readonly #reader: TemplateReader;
  /** The open `if`s: whether their `else` has come. */
  readonly #open: { hasElse: boolean }[] = [];
  readonly #pieces: string[] = [];

  constructor(source: string, reader: TemplateReader) {
    this.#source = source;
    this.#reader = reader;
  }

  run(): string {
    let at = 0;
    for (let next = this.#source.indexOf('{%'); next >= 0; next = this.#source.indexOf('{%', at)) {
      this.#text(this.#source.slice(at, next));
      const end = this.#source.indexOf('%}', next + 2);
      if (end < 0) throw new TemplateFault('{% without %}');
      this.#tag(this.#source.slice(next, end + 2));
      at = end + 2;
    }
    this.#text(this.#source.slice(at));
    if (this.#open.length > 0) throw new TemplateFault('{% if %} without {% endif %}');
    // A reference alone would keep the type of its value.
    const result = this.#pieces.join('');
    return /^\$\{[^}]*\}$/.test(result) ? result + NOTHING : result;
  }

  #tag(tag: string): void {
    const content = tag.slice(2, -2).trim();
    const innermost = this.#open.at(-1);
    if (/^if\s/.test(content)) this.#if(content.slice(2).trim());
    else if (content === 'else' && innermost) this.#else(innermost);
    else if (content === 'endif' && innermost) {
      this.#open.pop();
      this.#add('{% endif %}');
    } else {
      this.#reader.literalTag(tag);
      this.#add(plain(tag));
    }
  }

  #if(expression: string): void {
    this.#open.push({ hasElse: false });
    const value = this.#reader.resolve(expression);
    if (value === null) {
      this.#add('{% if false %}');
      return;
    }
    const isTrue = this.#reader.falsy.map((text) => `truth != "${text}"`).join(' and ');
    this.#add(`{% capture truth %}${value}{% endcapture %}{% if ${isTrue} %}`);
  }

  #else(innermost: { hasElse: boolean }): void {
    if (innermost.hasElse) throw new TemplateFault('an {% if %} with two {% else %}');
    innermost.hasElse = true;
    this.#add('{% else %}');
  }

  #text(text: string): void {
    let at = 0;
    for (let next = text.indexOf('{{'); next >= 0; next = text.indexOf('{{', at)) {
      const end = text.indexOf('}}', next + 2);
      if (end < 0) break;
      this.#add(plain(text.slice(at, next)));
      const value = this.#reader.resolve(text.slice(next + 2, end).trim());
      // What stands before must not make a reference of what comes, nor plain text of a reference.
      if (this.#pieces.at(-1)?.endsWith('$')) this.#add(NOTHING);
      this.#add(value ?? '');
      at = end + 2;
    }
    this.#add(plain(text.slice(at)));
  }

  #add(piece: string): void {
    if (piece !== '') this.#pieces.push(piece);
  }
}

/** Text that is printed as it is, whatever comes behind it. */
function plain(text: string): string {
  return text.replaceAll(MARKUP, (found) => (found === '${' ? '$${' : `{{ '${found}' }}`));
}

/** Whether plain text would be read as a template here. */
export function looksLikeTemplate(text: string): boolean {
  return /\$\{|\{\{|\{%/.test(text);
}

/** Text that NullBoiler does not render, so that it is not rendered here either. */
export function plainTemplate(text: string): string {
  return looksLikeTemplate(text) ? plain(text) : text;
}
