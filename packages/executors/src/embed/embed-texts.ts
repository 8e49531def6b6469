/** Vectors of texts, from a server that speaks OpenAI's protocol of embeddings. */
import { estimateCall, estimateTokens } from '@weft/engine/domain';
import type { CallBudget, ExecutorCall, Outcome, Usage } from '@weft/engine/ports';
import { z } from 'zod';

import { openaiBaseUrl } from '../config.ts';
import type { Failure } from '../failure.ts';
import { aborted, failure } from '../failure.ts';
import { networkFailure, statusFailure, tooLarge } from '../http/http-failure.ts';
import { readBytes, readExcerpt } from '../http/read-body.ts';
import { buildRequest, urlProblem } from '../http/request.ts';
import { sendOnce } from '../http/send-once.ts';
import { modelFailure, serverError, withServerMessage } from '../openai/chat-failure.ts';
import { priced } from '../openai/chat-cost.ts';
import { parseJson } from '../openai/parse-json.ts';
import { modelPrice } from '../prices.ts';
import type { EmbedModel } from './embed-input.ts';

/** A batch of 2048 texts with 1536 numbers each is about this much. */
const MAX_ANSWER_BYTES = 64 * 1_048_576;

const answerShape = z.object({
  model: z.string().nullish(),
  data: z.array(z.object({ index: z.int().min(0).optional(), embedding: z.array(z.number()) })),
  usage: z
    .object({ prompt_tokens: z.number().min(0).optional(), total_tokens: z.number().min(0).optional() })
    .nullish()
    .catch(null),
});

export type Embedded = { kind: 'embedded'; vectors: number[][]; model: string; usage: Usage };

type Asking = Pick<ExecutorCall, 'signal' | 'heartbeat' | 'idempotencyKey'>;

/** One vector for each text, in their order. What failed carries the usage of the batches before. Never throws. */
export async function embedTexts(
  model: EmbedModel,
  texts: readonly string[],
  asking: Asking,
): Promise<Embedded | Failure> {
  const base = model.baseUrl ?? openaiBaseUrl();
  const problem = urlProblem(base);
  if (problem !== undefined) return failure('bad_base_url', `WEFT_OPENAI_BASE_URL of the worker: ${problem}`);
  const vectors: number[][] = [];
  let usage: Usage = { inputTokens: 0, outputTokens: 0, usd: 0 };
  let answeredBy = model.model;
  for (let at = 0; at < texts.length; at += model.batchSize) {
    const batch = texts.slice(at, at + model.batchSize);
    const key = `${asking.idempotencyKey}:${at}`;
    const answer = await askBatch(model, { base, batch, key }, asking);
    if (answer.kind === 'failed')
      return usage.inputTokens > 0 ? { ...answer, usage: priced(usage, model.model) } : answer;
    vectors.push(...answer.vectors);
    answeredBy = answer.model;
    usage = { ...usage, inputTokens: usage.inputTokens + answer.usage.inputTokens };
    const odd = vectors.find((vector) => vector.length !== (model.dimensions ?? vectors[0]?.length));
    if (odd)
      return badVectors(`a vector has ${odd.length} numbers, ${model.dimensions ?? vectors[0]?.length} were expected`);
    asking.heartbeat({ embedded: vectors.length, of: texts.length });
  }
  return { kind: 'embedded', vectors, model: answeredBy, usage: priced(usage, model.model) };
}

type Batch = { base: string; batch: readonly string[]; key: string };

async function askBatch(
  { model, apiKey, dimensions }: EmbedModel,
  { base, batch, key }: Batch,
  { signal }: Asking,
): Promise<Embedded | Failure> {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/embeddings`;
  const request = buildRequest(
    {
      url: url.href,
      method: 'POST',
      query: {},
      followRedirects: false,
      maxBytes: MAX_ANSWER_BYTES,
      headers: { accept: 'application/json', ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }) },
      json: { model, input: [...batch], encoding_format: 'float', ...(dimensions !== undefined && { dimensions }) },
    },
    key,
  );
  const response = await sendOnce(request, signal);
  if (!(response instanceof Response)) return response;
  if (!response.ok) return withServerMessage(await statusFailure(request, response));
  if (!/\bjson\b/i.test(response.headers.get('content-type') ?? '')) return badVectors(await readExcerpt(response));
  try {
    const bytes = await readBytes(response, MAX_ANSWER_BYTES, () => undefined);
    return bytes === undefined
      ? tooLarge(MAX_ANSWER_BYTES)
      : vectorsIn(parseJson(bytes.toString()), { model, count: batch.length });
  } catch (error) {
    return signal.aborted ? aborted(signal) : networkFailure(request, error);
  }
}

function vectorsIn(value: unknown, { model, count }: { model: string; count: number }): Embedded | Failure {
  const error = serverError(value);
  if (error !== undefined) return modelFailure(error);
  const parsed = answerShape.safeParse(value);
  if (!parsed.success) return badVectors('it is no list of embeddings');
  const { data, usage } = parsed.data;
  const vectors: (number[] | undefined)[] = Array.from({ length: count });
  for (const [at, { index = at, embedding }] of data.entries()) vectors[index] = embedding;
  const whole = vectors.filter((vector) => vector !== undefined && vector.length > 0) as number[][];
  if (whole.length !== count || vectors.length !== count)
    return badVectors(`${count} texts have ${data.length} vectors`);
  const inputTokens = usage?.prompt_tokens ?? usage?.total_tokens ?? 0;
  const spent = { inputTokens, outputTokens: 0, usd: 0 };
  return { kind: 'embedded', vectors: whole, model: parsed.data.model ?? model, usage: spent };
}

function badVectors(why: string): Failure {
  const text = why.slice(0, 200).toWellFormed();
  return failure('bad_response', `The response holds no embeddings of these texts: ${text}`, { retryable: true });
}

/** Reserves what the texts will cost; null: it may be spent. */
export async function reserveTexts(
  model: string,
  texts: readonly string[],
  budget: CallBudget | undefined,
): Promise<Extract<Outcome, { kind: 'again' | 'failed' }> | null> {
  if (!budget) return null;
  const sizes = { inputTokens: estimateTokens(texts), maxOutputTokens: 0 };
  const reserved = await budget.reserve(estimateCall(modelPrice(model), sizes));
  if (reserved.kind === 'granted') return null;
  if (reserved.kind === 'held') return { kind: 'again', memo: null, afterMs: reserved.afterMs };
  return { kind: 'failed', error: reserved.error };
}
