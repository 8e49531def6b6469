import type { Json } from '@weft/contract';
import type { Issue } from './issue-list.ts';
import { scanJson, type ScanOptions } from './json-scan.ts';
import { type JsonVisitor, walkJson } from './json-walk.ts';
import type { PlacedNode } from './source-map.ts';

/** Reads JSON text with all the checks of `scanJson`. */
export function parseJson(
  text: string,
  options: ScanOptions,
): { ok: true; value: Json } | { ok: false; errors: Issue[] } {
  const errors = scanJson(text, options);
  return errors.length > 0 ? { ok: false, errors } : { ok: true, value: JSON.parse(text) as Json };
}

/** Where everything stands in text that `scanJson` accepts. */
export function placeJson(text: string): PlacedNode {
  const places = new JsonPlaces();
  walkJson(text, places);
  return places.root;
}

/** Builds the tree on the way: `#open` are the containers that the walk is in. */
class JsonPlaces implements JsonVisitor {
  root: PlacedNode = { at: 0 };
  readonly #open: PlacedNode[] = [];
  #last: PlacedNode = this.root;
  #keyed = false;

  key(name: string, at: number): void {
    this.#place(name, at);
    this.#keyed = true;
  }

  value(at: number): void {
    const top = this.#open.at(-1);
    if (!top) this.#last = this.root = { at };
    else if (!this.#keyed) this.#place(String(top.children?.size ?? 0), at);
    this.#keyed = false;
  }

  open(): void {
    this.#last.children = new Map();
    this.#open.push(this.#last);
  }

  close(): void {
    this.#open.pop();
  }

  #place(token: string, at: number): void {
    this.#last = { at };
    this.#open.at(-1)?.children?.set(token, this.#last);
  }
}
