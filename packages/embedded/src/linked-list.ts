/** What an element of a `LinkedList` carries; an element is in one list at a time. */
export type Linked<T> = { prev: T | null; next: T | null };

/** A doubly linked list of elements that carry their own links: every operation costs the same at any length. */
export class LinkedList<T extends Linked<T>> {
  #first: T | null = null;
  #last: T | null = null;
  #length = 0;

  get first(): T | null {
    return this.#first;
  }

  get length(): number {
    return this.#length;
  }

  pushBack(element: T): void {
    this.#insert(element, this.#last, null);
  }

  pushFront(element: T): void {
    this.#insert(element, null, this.#first);
  }

  /** Takes an element of this list out of it. */
  remove(element: T): void {
    if (element.prev === null) this.#first = element.next;
    else element.prev.next = element.next;
    if (element.next === null) this.#last = element.prev;
    else element.next.prev = element.prev;
    // An element that is out must not keep its former neighbours alive.
    element.prev = null;
    element.next = null;
    this.#length--;
  }

  #insert(element: T, prev: T | null, next: T | null): void {
    element.prev = prev;
    element.next = next;
    if (prev === null) this.#first = element;
    else prev.next = element;
    if (next === null) this.#last = element;
    else next.prev = element;
    this.#length++;
  }
}
