/**
 * Texts from outside, made fit for a terminal: one line, a known width, and no character that steers the terminal or turns
 * the direction of writing.
 */

/* oxlint-disable no-control-regex -- these are the characters that must not come through */
const STEERING = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+/gu;
const WIDE = /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u;
const BEYOND_ASCII = /[^\u0020-\u007e]/;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The text on one line, without what steers a terminal. */
export function plainText(text: string): string {
  return text.replaceAll(STEERING, ' ');
}

/** How many columns the text takes. */
export function textWidth(text: string): number {
  if (!BEYOND_ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** The text in at most `columns` columns; what is cut off shows as an ellipsis. */
export function fitText(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let fitted = '';
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    width += WIDE.test(segment) ? 2 : 1;
    if (width > columns - 1) break;
    fitted += segment;
  }
  return columns < 1 ? '' : `${fitted}…`;
}

/** The text with blanks behind it, up to `columns`. */
export function padText(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - textWidth(text)));
}
