/** YAML is read in a thread of its own: a text of a few KiB can keep its parser busy for seconds. */
import { BoundedThread } from './bounded-thread.ts';
import type { YamlAnswer, YamlRequest } from './yaml-read.ts';

const thread = new BoundedThread<YamlRequest, YamlAnswer>(new URL('./yaml-worker.ts', import.meta.url), 'YAML texts');

/** Reads a text in the thread. `timeoutMs` is counted from when its turn comes. */
export async function readInThread(request: YamlRequest, timeoutMs: number): Promise<YamlAnswer> {
  const answered = await thread.ask(request, timeoutMs);
  switch (answered.kind) {
    case 'answer':
      return answered.answer;
    case 'tooLong':
      return refusal('the text takes too long to parse; JSON has no such limit');
    case 'tooBig':
      return refusal('the text takes too much memory to parse');
    default:
      return answered satisfies never;
  }
}

function refusal(message: string): YamlAnswer {
  return { ok: false, errors: [{ code: 'unparsable', pointer: '', message }] };
}
