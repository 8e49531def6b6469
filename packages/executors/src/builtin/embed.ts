import { z } from 'zod';

import { defineExecutor } from '../define.ts';
import { embedInput } from '../embed/embed-input.ts';
import { embedTexts, reserveTexts } from '../embed/embed-texts.ts';

export default defineExecutor({
  type: 'embed',
  reserves: true,
  description: 'Makes vectors of texts with a model behind an OpenAI-compatible server.',
  input: embedInput,
  output: z.strictObject({ embeddings: z.array(z.array(z.number())), model: z.string(), dimensions: z.int() }),
  example: { baseUrl: 'http://127.0.0.1:11434/v1', model: 'small-embedding', input: ['a cat', 'a dog'] },
  async run({ input, budget, signal, heartbeat, idempotencyKey }) {
    const { input: given, ...model } = input;
    const texts = [given].flat();
    const stopped = await reserveTexts(model.model, texts, budget);
    if (stopped !== null) return stopped;
    const embedded = await embedTexts(model, texts, { signal, heartbeat, idempotencyKey });
    if (embedded.kind === 'failed') return embedded;
    const { vectors, usage } = embedded;
    const output = { embeddings: vectors, model: embedded.model, dimensions: vectors[0]?.length ?? 0 };
    return { kind: 'succeeded', output, usage };
  },
});
