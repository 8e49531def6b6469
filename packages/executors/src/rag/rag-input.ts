import { JsonRecord } from '@weft/contract';
import { z } from 'zod';

import { embedSettings } from '../embed/embed-input.ts';
import { chatInput } from '../openai/chat-input.ts';

const MOST_DOCUMENTS = 1000;
const MOST_CHARS = 10_000_000;

const LANGUAGES = ['simple', 'arabic', 'danish', 'dutch', 'english', 'finnish', 'french', 'german', 'greek'] as const;
const MORE_LANGUAGES = ['hungarian', 'italian', 'norwegian', 'portuguese', 'romanian', 'russian', 'spanish'] as const;

const withoutNul = z.string().refine((text) => !text.includes('\0'), 'holds a NUL');
const name = withoutNul.min(1).max(200);

const document = z
  .strictObject({
    id: name,
    text: withoutNul.max(MOST_CHARS).optional(),
    artifact: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'expected the id of an artifact')
      .optional(),
    title: withoutNul.max(1000).optional(),
    metadata: JsonRecord.default({}),
  })
  .superRefine(({ text, artifact }, context) => {
    if ((text === undefined) !== (artifact === undefined)) return;
    context.addIssue({ code: 'custom', path: ['text'], message: 'exactly one of text and artifact is needed' });
  });

const chunk = z
  .strictObject({ tokens: z.int().min(20).max(8000).default(300), overlap: z.int().min(0).max(2000).default(40) })
  .refine(({ tokens, overlap }) => overlap * 2 <= tokens, 'the overlap is at most half of tokens');

const asking = {
  collection: name,
  query: withoutNul.min(1).max(20_000),
  embed: embedSettings.optional(),
  mode: z.enum(['hybrid', 'words', 'vector']).default('hybrid'),
  filter: JsonRecord.optional(),
  limit: z.int().min(1).max(100).default(8),
};

const index = z.strictObject({
  action: z.literal('index'),
  collection: name,
  documents: z.array(document).min(1).max(MOST_DOCUMENTS),
  embed: embedSettings,
  chunk: chunk.default({ tokens: 300, overlap: 40 }),
  language: z.enum([...LANGUAGES, ...MORE_LANGUAGES, 'swedish', 'turkish']).default('simple'),
});

const { baseUrl, apiKey, model, temperature, maxTokens } = chatInput.shape;

/** The input of the `rag` executor. */
export const ragInput = z
  .discriminatedUnion('action', [
    index,
    z.strictObject({ action: z.literal('search'), ...asking }),
    z.strictObject({
      action: z.literal('answer'),
      ...asking,
      chat: z.strictObject({ baseUrl, apiKey, model, temperature, maxTokens }),
      instructions: z.string().max(20_000).optional(),
    }),
    z.strictObject({
      action: z.literal('remove'),
      collection: name,
      documents: z.array(name).min(1).max(MOST_DOCUMENTS).optional(),
    }),
  ])
  .superRefine((input, context) => {
    if (!('mode' in input) || input.mode === 'words' || input.embed !== undefined) return;
    context.addIssue({
      code: 'custom',
      path: ['embed'],
      message: `a search by ${input.mode} needs the model of the vectors`,
    });
  });

export type RagInput = z.output<typeof ragInput>;
export type IndexInput = Extract<RagInput, { action: 'index' }>;
export type SearchInput = Extract<RagInput, { action: 'search' | 'answer' }>;
export type AnswerInput = Extract<RagInput, { action: 'answer' }>;
