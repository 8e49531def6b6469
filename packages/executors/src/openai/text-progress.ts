import type { ExecutorCall } from '@weft/engine/ports';

/** A model may send hundreds of pieces in a second; whoever watches needs no more than ten. */
const EVERY_MS = 100;

/** Tells how an answer grows, as progress `{ textLength, delta }`; all the deltas together are the text. */
export class TextProgress {
  readonly #heartbeat: ExecutorCall['heartbeat'];
  #toldLength = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(heartbeat: ExecutorCall['heartbeat']) {
    this.#heartbeat = heartbeat;
  }

  /** To be called with the whole text so far; says nothing if something was said a moment ago. */
  grow(text: string): void {
    if (performance.now() - this.#toldAt >= EVERY_MS) this.finish(text);
  }

  /** Tells what has not been told yet. */
  finish(text: string): void {
    if (text.length === this.#toldLength) return;
    this.#heartbeat({ textLength: text.length, delta: text.slice(this.#toldLength) });
    this.#toldLength = text.length;
    this.#toldAt = performance.now();
  }
}
