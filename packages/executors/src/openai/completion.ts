import type { JsonObject } from '@weft/contract';
import type { Usage } from '@weft/engine/ports';
import { z } from 'zod';

const toolCall = z.object({
  index: z.int().min(0).max(999).nullish(),
  id: z.string().nullish(),
  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
});

const textPart = z.object({ text: z.string().optional() });

const message = z.object({
  content: z.union([z.string(), z.array(textPart)]).nullish(),
  refusal: z.string().nullish(),
  tool_calls: z.array(toolCall).nullish(),
});

const choice = z.object({
  index: z.int().nullish(),
  delta: message.nullish(),
  message: message.nullish(),
  finish_reason: z.string().nullish(),
});

/** More of one answer is a mistake. */
const MOST_TOKENS = 1e9;
const tokens = z.number().min(0).max(MOST_TOKENS).transform(Math.ceil).optional();

/** A chunk of a stream, or a whole answer, which is a chunk that has `message` where the others have `delta`. */
const chunkShape = z.object({
  model: z.string().nullish(),
  choices: z.array(choice).nullish(),
  // An account that makes no sense takes nothing from the answer.
  usage: z
    .object({ prompt_tokens: tokens, completion_tokens: tokens, input_tokens: tokens, output_tokens: tokens })
    .nullish()
    .catch(null),
});

type Chunk = z.output<typeof chunkShape>;
type ToolCall = { id: string; name: string; arguments: string };

/** Reads one chunk; undefined when it is none. */
export function parseChunk(value: unknown): Chunk | undefined {
  const parsed = chunkShape.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** An answer that is put together from its chunks; only the first choice counts. */
export class Completion {
  text = '';
  model: string | null = null;
  finishReason: string | null = null;
  usage: Usage | undefined;
  /** Whether any choice has come. */
  begun = false;
  /** Bytes of text, refusal and tool calls, in UTF-8. */
  size = 0;
  #refusal = '';
  readonly #calls = new Map<number, ToolCall>();

  add({ model, choices, usage }: Chunk): void {
    this.model ??= model ?? null;
    if (usage) this.usage = usageOf(usage);
    for (const { index, delta, message: whole, finish_reason: reason } of choices ?? []) {
      if ((index ?? 0) !== 0) continue;
      this.begun = true;
      this.finishReason = reason ?? this.finishReason;
      this.#extend(delta ?? whole ?? {});
    }
  }

  /** The answer as a message of the protocol, which can be sent again as it is. */
  get message(): JsonObject {
    const calls = [...this.#calls].toSorted(([one], [other]) => one - other);
    return {
      role: 'assistant',
      content: this.text === '' && (calls.length > 0 || this.#refusal !== '') ? null : this.text,
      ...(this.#refusal === '' ? {} : { refusal: this.#refusal }),
      ...(calls.length === 0 ? {} : { tool_calls: calls.map(([, call]) => callMessage(call)) }),
    };
  }

  #extend({ content, refusal, tool_calls: calls }: z.output<typeof message>): void {
    const text = typeof content === 'string' ? content : (content ?? []).map((part) => part.text ?? '').join('');
    this.text += text;
    this.#refusal += refusal ?? '';
    this.#count(text, refusal);
    for (const call of calls ?? []) this.#extendCall(call);
  }

  /** A piece belongs to the call of its index; without one, an id begins a call and what has none goes on with the last. */
  #extendCall({ index, id, function: called }: z.output<typeof toolCall>): void {
    const at = index ?? (id ? this.#calls.size : Math.max(this.#calls.size - 1, 0));
    const call = this.#calls.get(at) ?? { id: '', name: '', arguments: '' };
    this.#calls.set(at, call);
    call.id ||= id ?? '';
    call.name ||= called?.name ?? '';
    call.arguments += called?.arguments ?? '';
    this.#count(id, called?.name, called?.arguments);
  }

  #count(...pieces: (string | null | undefined)[]): void {
    for (const piece of pieces) this.size += Buffer.byteLength(piece ?? '');
  }
}

function callMessage({ id, name, arguments: given }: ToolCall): JsonObject {
  return { id, type: 'function', function: { name, arguments: given } };
}

function usageOf(usage: NonNullable<Chunk['usage']>): Usage {
  return {
    inputTokens: usage.prompt_tokens ?? usage.input_tokens ?? 0,
    outputTokens: usage.completion_tokens ?? usage.output_tokens ?? 0,
    usd: 0,
  };
}
