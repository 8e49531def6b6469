/**
 * The `add_messages` reducer: a list of messages kept by id.
 *
 * A known id replaces in place, `remove: true` deletes, no id appends with the id `msg_<length>` (counted on until it is
 * free, so that ids stay unique after a removal). Entries of an update that are no objects are ignored, and so is a removal without an id.
 */
import { isObject } from '@weft/contract';
import type { Json, JsonObject } from '@weft/contract';

/** A message list that takes updates in O(1) each; `toJson` gives the list. */
export class MessageList {
  readonly #slots: (Json | undefined)[] = [];
  readonly #slotById = new Map<Json, number>();
  #length = 0;

  constructor(base: Json | undefined) {
    if (Array.isArray(base)) for (const entry of base) this.#put(entry, isObject(entry) ? idOf(entry) : undefined);
  }

  /** Applies one message or a list of them. */
  add(update: Json[] | JsonObject): void {
    for (const entry of Array.isArray(update) ? update : [update]) if (isObject(entry)) this.#addOne(entry);
  }

  toJson(): Json[] {
    return this.#slots.filter((entry) => entry !== undefined);
  }

  #addOne(message: JsonObject): void {
    const id = idOf(message);
    if (message.remove === true) this.#remove(id);
    else if (id !== undefined) this.#put(message, id);
    else this.#putUnnamed(message);
  }

  #remove(id: Json | undefined): void {
    const slot = id === undefined ? undefined : this.#slotById.get(id);
    if (id === undefined || slot === undefined) return;
    this.#slots[slot] = undefined;
    this.#slotById.delete(id);
    this.#length--;
  }

  #putUnnamed(message: JsonObject): void {
    let number = this.#length;
    while (this.#slotById.has(`msg_${number}`)) number++;
    this.#put({ ...message, id: `msg_${number}` }, `msg_${number}`);
  }

  #put(entry: Json, id: Json | undefined): void {
    const slot = id === undefined ? undefined : this.#slotById.get(id);
    if (slot !== undefined) {
      this.#slots[slot] = entry;
      return;
    }
    if (id !== undefined) this.#slotById.set(id, this.#slots.length);
    this.#slots.push(entry);
    this.#length++;
  }
}

function idOf(message: JsonObject): Json | undefined {
  return typeof message.id === 'string' || typeof message.id === 'number' ? message.id : undefined;
}
