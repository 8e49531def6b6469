/** A token of most texts has about four letters. */
const LETTERS_PER_TOKEN = 4;

export type Chunk = { text: string; from: number; to: number };

/** Where a piece ends best, the best first: after a paragraph, a line, a sentence, a word. */
const BREAKS = [/\n\s*\n\s*/g, /\n/g, /[.!?。！？]["')\]]*\s+/g, /\s+/g];

/**
 * Cuts a text into pieces of about `tokens` at most, at the best place in the second half of each; a piece begins about `overlap`
 * tokens before the end of the one before, at a word. `from` and `to` are places in the text as it was given.
 */
export function chunkText(text: string, { tokens, overlap }: { tokens: number; overlap: number }): Chunk[] {
  const most = tokens * LETTERS_PER_TOKEN;
  const back = overlap * LETTERS_PER_TOKEN;
  const chunks: Chunk[] = [];
  let from = 0;
  while (from < text.length) {
    const to = from + most >= text.length ? text.length : endOf(text, from, from + most);
    add(chunks, text, { from, to });
    if (to >= text.length) break;
    from = Math.max(startOf(text, to - back, to), from + 1);
  }
  return chunks;
}

function endOf(text: string, from: number, limit: number): number {
  const middle = from + Math.floor((limit - from) / 2);
  const window = text.slice(middle, limit);
  for (const pattern of BREAKS) {
    const last = [...window.matchAll(pattern)].at(-1);
    if (last) return middle + last.index + last[0].length;
  }
  return whole(text, limit);
}

function startOf(text: string, wanted: number, end: number): number {
  const word = /\s\S/.exec(text.slice(wanted, end));
  return word ? wanted + word.index + 1 : whole(text, wanted);
}

/** Between the halves of a character nothing is cut. */
function whole(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc_00 && code <= 0xdf_ff ? at - 1 : at;
}

function add(chunks: Chunk[], text: string, { from, to }: { from: number; to: number }): void {
  const raw = text.slice(from, to);
  const trimmed = raw.trim();
  if (trimmed === '') return;
  const start = from + raw.indexOf(trimmed);
  chunks.push({ text: trimmed, from: start, to: start + trimmed.length });
}
