import { z } from 'zod';

import { chatInput } from '../openai/chat-input.ts';

/** Texts of one call; more are for a `send`. */
const MOST_TEXTS = 2048;

const { baseUrl, apiKey, model } = chatInput.shape;

/** Which model makes vectors of texts, and where it is. */
export const embedModel = {
  baseUrl,
  apiKey,
  model,
  dimensions: z.int().min(1).max(16_000).optional(),
  batchSize: z.int().min(1).max(MOST_TEXTS).default(64),
};

const text = z.string().min(1).max(1_000_000);

/** The input of the `embed` executor. */
export const embedInput = z.strictObject({
  ...embedModel,
  input: z.union([text, z.array(text).min(1).max(MOST_TEXTS)], 'expected text or a list of texts'),
});

const embedSettings = z.strictObject(embedModel);
export type EmbedModel = z.output<typeof embedSettings>;
export { embedSettings };
