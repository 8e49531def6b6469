/** What has happened in a world, line by line, and the hash of it all. */
export class Trace {
  readonly lines: string[] = [];
  #high = 0x811c9dc5;
  #low = 0x1000193;

  add(now: number, who: string, what: string): void {
    const line = `${now.toFixed(2).padStart(10)}  ${who.padEnd(14)} ${what}`;
    this.lines.push(line);
    for (let i = 0; i < line.length; i++) {
      const code = line.charCodeAt(i);
      this.#high = Math.imul(this.#high ^ code, 0x01000193);
      this.#low = Math.imul(this.#low + code, 0x5bd1e995) ^ (this.#low >>> 13);
    }
  }

  get hash(): string {
    return [this.#high, this.#low].map((part) => (part >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
