import type { Json } from '@weft/contract';

/** How `value` is made of what a command wrote. */
export type ParseMode = 'text' | 'json' | 'lines';

/**
 * Makes a value of a command's standard output. `text`: without the line breaks at its end, as a shell's `$(...)` does;
 * `lines`: a list, without the empty last one; `json`: parsed.
 *
 * @throws SyntaxError when it should be JSON and is not.
 */
export function parseOutput(stdout: string, mode: ParseMode): Json {
  switch (mode) {
    case 'text':
      return withoutFinalBreaks(stdout);
    case 'lines':
      return lines(stdout);
    case 'json': {
      const value: Json = JSON.parse(stdout);
      return value;
    }
    default:
      return mode satisfies never;
  }
}

/** A loop, since a regular expression for this backtracks on long runs of line breaks. */
function withoutFinalBreaks(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) end -= 1;
  return text.slice(0, end);
}

function lines(text: string): string[] {
  const found = text.split(/\r?\n/);
  if (found.at(-1) === '') found.pop();
  return found;
}
