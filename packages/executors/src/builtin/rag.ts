import { JsonRecord } from '@weft/contract';
import { z } from 'zod';

import { defineExecutor } from '../define.ts';
import { failure } from '../failure.ts';
import { answerQuestion } from '../rag/answer-question.ts';
import { indexDocuments } from '../rag/index-documents.ts';
import { ragInput } from '../rag/rag-input.ts';
import { searchPassages } from '../rag/search-passages.ts';

const passage = z.strictObject({
  n: z.int(),
  document: z.string(),
  title: z.string().nullable(),
  metadata: JsonRecord,
  ordinal: z.int(),
  text: z.string(),
  from: z.int(),
  to: z.int(),
  score: z.number(),
  found: z.array(z.enum(['words', 'vector'])),
});

const output = z.union([
  z.strictObject({ collection: z.string(), indexed: z.int(), unchanged: z.int(), passages: z.int() }),
  z.strictObject({ text: z.string(), citations: z.array(passage), passages: z.array(passage) }),
  z.strictObject({ passages: z.array(passage) }),
  z.strictObject({ removed: z.int() }),
]);

export default defineExecutor({
  type: 'rag',
  reserves: true,
  description:
    'Indexes texts in collections, searches them by words and meaning, and answers from them with citations.',
  input: ragInput,
  output,
  example: { action: 'search', collection: 'handbook', query: 'How many days of leave are there?', mode: 'words' },
  async run(call) {
    const { input, passages } = call;
    if (!passages) return failure('no_passage_store', 'This worker has no store for passages');
    switch (input.action) {
      case 'index':
        return indexDocuments(passages, input, call);
      case 'answer':
        return answerQuestion(passages, input, call);
      case 'search': {
        const found = await searchPassages(passages, input, call);
        if (found.kind !== 'found') return found;
        return { kind: 'succeeded', output: { passages: found.passages }, usage: found.usage };
      }
      case 'remove': {
        const key = { tenant: call.tenant, collection: input.collection };
        return { kind: 'succeeded', output: { removed: await passages.remove(key, input.documents ?? null) } };
      }
      default:
        return input satisfies never;
    }
  },
});
