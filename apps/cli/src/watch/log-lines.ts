/** What tasks say, put together to lines: pieces of a text are held until their line ends. */
import { isObject, type Event, type Json, type JsonObject } from '@weft/contract';

export type LogLine = {
  at: string;
  node: string;
  attempt: number | null;
  kind: 'text' | 'event' | 'error';
  text: string;
};

type Held = { at: string; node: string; attempt: number | null; text: string };

export class LogLines {
  readonly #held = new Map<string, Held>();

  /** The lines that are whole with this event. */
  take({ mode, type, at, data }: Event): LogLine[] {
    if (!isObject(data)) return [];
    if (mode === 'messages' && type === 'token') return this.#grow(at, data);
    // That an attempt came to nothing is told in this mode as well.
    if (mode === 'custom' && !('voids' in data))
      return [{ at, ...whoOf(data), kind: 'event', text: eventText(type, data) }];
    if (mode === 'tasks') return this.#settle(at, data);
    return [];
  }

  /** What no line break has come for. */
  rest(): LogLine[] {
    const lines = Array.from(this.#held.values(), (held): LogLine => ({ ...held, kind: 'text' }));
    this.#held.clear();
    return lines;
  }

  #grow(at: string, data: JsonObject): LogLine[] {
    const name = nameOf(data);
    const held = this.#held.get(name) ?? { at, ...whoOf(data), text: '' };
    const parts = `${held.text}${textOf(data['text'])}`.split('\n');
    const rest = parts.pop() ?? '';
    if (rest === '') this.#held.delete(name);
    else this.#held.set(name, { ...held, at: parts.length > 0 ? at : held.at, text: rest });
    return parts.map((text): LogLine => ({ at: held.at, node: held.node, attempt: held.attempt, kind: 'text', text }));
  }

  /** An end brings out what is held of the attempt; a failure says why. */
  #settle(at: string, data: JsonObject): LogLine[] {
    const retried = isObject(data['voids']) && !('ends' in data) ? [{ ...data, error: errorIn(data['tasks']) }] : [];
    return [...objectsIn(data['ends']), ...retried].flatMap((end): LogLine[] => {
      const name = nameOf(end);
      const held = this.#held.get(name);
      this.#held.delete(name);
      const said: LogLine[] = held ? [{ ...held, kind: 'text' }] : [];
      const error = end['error'];
      if (!isObject(error)) return said;
      const text = `${textOf(error['code'])}: ${textOf(error['message'])}`;
      return [...said, { at, ...whoOf(end), kind: 'error', text }];
    });
  }
}

function objectsIn(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Why an attempt failed whose task goes on. */
function errorIn(facts: Json | undefined): Json {
  return objectsIn(facts).find(({ error }) => isObject(error))?.['error'] ?? null;
}

function nameOf(data: JsonObject): string {
  return `${textOf(data['taskId'])} ${JSON.stringify(data['attempt'] ?? null)}`;
}

function whoOf(data: JsonObject): Pick<LogLine, 'node' | 'attempt'> {
  const { attempt } = data;
  return { node: textOf(data['node']), attempt: typeof attempt === 'number' ? attempt : null };
}

/** What was emitted: its text where it is one, or says one. */
function eventText(type: string, { data = null }: JsonObject): string {
  const said = isObject(data) ? (data['message'] ?? data['text']) : data;
  if (typeof said === 'string') return said;
  return type === 'custom' ? JSON.stringify(data) : `${type} ${JSON.stringify(data)}`;
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
