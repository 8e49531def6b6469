import type { WsFrame } from '@weft/contract';
import type { Clock } from '@weft/engine/ports';
import type { WebSocket } from 'ws';

/**
 * The way out to one client. It never grows without bound, because whoever sends asks first: `congested` while the client
 * is slow, `full` while that and what subscriptions hold back for the next batch are too much together.
 */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #pauseBytes: number;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #waiting = new Set<() => void>();
  #held = 0;
  #movedAt: number;

  constructor(socket: WebSocket, options: { pauseBytes: number; clock: Pick<Clock, 'monotonicMs'> }) {
    this.#socket = socket;
    this.#pauseBytes = options.pauseBytes;
    this.#clock = options.clock;
    this.#movedAt = options.clock.monotonicMs();
  }

  get congested(): boolean {
    return this.#socket.bufferedAmount >= this.#pauseBytes;
  }

  get full(): boolean {
    return this.#held + this.#socket.bufferedAmount >= this.#pauseBytes;
  }

  /** When the client last took something. */
  get movedAt(): number {
    return this.#movedAt;
  }

  /** Counts bytes that wait for the next batch; negative once they have gone. */
  hold(bytes: number): void {
    this.#held += bytes;
  }

  send(frame: WsFrame): void {
    this.sendText(JSON.stringify(frame));
  }

  sendText(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(text, (error) => {
      if (error) return;
      this.#movedAt = this.#clock.monotonicMs();
      if (!this.congested) this.#wake();
    });
  }

  /** Calls back once when the client has taken enough. Returns the function that takes it back. */
  onRoom(callback: () => void): () => void {
    this.#waiting.add(callback);
    return () => this.#waiting.delete(callback);
  }

  /** Those who wait are served in order, as long as there is room. */
  #wake(): void {
    for (const callback of this.#waiting) {
      if (this.congested) return;
      this.#waiting.delete(callback);
      callback();
    }
  }
}
