/** What an element of an `IndexedHeap` carries: its place, or -1 while it is in none. */
export type HeapElement = { heapIndex: number };

/** A binary heap whose elements know their place, so that any of them can move or leave in O(log n). */
export class IndexedHeap<T extends HeapElement> {
  readonly #elements: T[] = [];
  readonly #rank: (element: T) => number;

  /** The element with the lowest rank comes first. */
  constructor(rank: (element: T) => number) {
    this.#rank = rank;
  }

  get first(): T | null {
    return this.#elements[0] ?? null;
  }

  /** Adds an element, or moves it to where its rank now belongs. */
  place(element: T): void {
    const index = element.heapIndex === -1 ? this.#elements.length : element.heapIndex;
    this.#put(element, index);
    this.#sink(this.#rise(index));
  }

  remove(element: T): void {
    const index = element.heapIndex;
    if (index === -1) return;
    element.heapIndex = -1;
    const last = this.#elements.pop();
    if (last === undefined || last === element) return;
    this.#put(last, index);
    this.#sink(this.#rise(index));
  }

  #put(element: T, index: number): void {
    this.#elements[index] = element;
    element.heapIndex = index;
  }

  /** Returns where the element at `index` has come to. */
  #rise(index: number): number {
    const parent = (index - 1) >> 1;
    if (index === 0 || !this.#isBefore(index, parent)) return index;
    this.#swap(index, parent);
    return this.#rise(parent);
  }

  #sink(index: number): void {
    const left = 2 * index + 1;
    const child = this.#isBefore(left + 1, left) ? left + 1 : left;
    if (!this.#isBefore(child, index)) return;
    this.#swap(child, index);
    this.#sink(child);
  }

  #isBefore(a: number, b: number): boolean {
    const [first, second] = [this.#elements[a], this.#elements[b]];
    if (first === undefined || second === undefined) return false;
    return this.#rank(first) < this.#rank(second);
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#elements[a], this.#elements[b]];
    if (first === undefined || second === undefined) return;
    this.#put(first, b);
    this.#put(second, a);
  }
}
