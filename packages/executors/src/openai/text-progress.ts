import type { ExecutorCall } from '@weft/engine/ports';

/** A model may send hundreds of pieces in a second; how long the text is need be known no more than ten times. */
const EVERY_MS = 100;

/** Tells how an answer grows: each piece of it, and now and then as progress `{ textLength }`. */
export class TextProgress {
  readonly #heartbeat: ExecutorCall['heartbeat'];
  readonly #onText: (piece: string) => void;
  #length = 0;
  #toldLength = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(heartbeat: ExecutorCall['heartbeat'], onText: (piece: string) => void) {
    this.#heartbeat = heartbeat;
    this.#onText = onText;
  }

  /** To be called with the whole text so far. */
  grow(text: string): void {
    if (text.length === this.#length) return;
    this.#onText(text.slice(this.#length));
    this.#length = text.length;
    if (performance.now() - this.#toldAt >= EVERY_MS) this.#tellLength();
  }

  /** The text is complete. */
  finish(text: string): void {
    this.grow(text);
    if (this.#length > this.#toldLength) this.#tellLength();
  }

  #tellLength(): void {
    this.#heartbeat({ textLength: this.#length });
    this.#toldLength = this.#length;
    this.#toldAt = performance.now();
  }
}
