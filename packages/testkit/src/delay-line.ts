import { Transform } from 'node:stream';
import type { TransformCallback } from 'node:stream';

/** Hands on what it gets after a while, in order; many pieces may be on their way at once. */
export class DelayLine extends Transform {
  readonly #delayMs: () => number;
  readonly #onTheWay: Buffer[] = [];
  #finish: TransformCallback | null = null;

  constructor(delayMs: () => number) {
    super();
    this.#delayMs = delayMs;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    const delayMs = this.#delayMs();
    if (delayMs === 0 && this.#onTheWay.length === 0) return done(null, chunk);
    this.#onTheWay.push(chunk);
    // Whoever's time is over first lets out what came first.
    setTimeout(() => this.#arrive(), delayMs);
    done();
  }

  override _flush(done: TransformCallback): void {
    if (this.#onTheWay.length === 0) done();
    else this.#finish = done;
  }

  #arrive(): void {
    this.push(this.#onTheWay.shift());
    if (this.#onTheWay.length === 0) this.#finish?.();
  }
}
