import { PATCHES } from './mutants.ts';
import type { Patch, PatchName } from './mutants.ts';

/** The source with what is turned on of the patches for its file. Throws where a line is not there, or there more than once. */
export function mutate(path: string, source: string, names: readonly string[]): string {
  const wanted = names.map(patchOf).filter(({ file }) => path.endsWith(file));
  return wanted.reduce((text, patch) => apply(patch, text), source);
}

export function apply({ file, from, to }: Patch, source: string): string {
  const count = source.split(from).length - 1;
  if (count !== 1) throw new Error(`${file} has this line ${count} times, not once: ${from}`);
  return source.replace(from, () => to);
}

/** The names in a list with commas. */
export function namesIn(list: string | undefined): string[] {
  return list ? list.split(',') : [];
}

function patchOf(name: string): Patch {
  const patch = PATCHES[name as PatchName] as Patch | undefined;
  if (!patch) throw new Error(`there is no mutant ${name}`);
  return patch;
}
