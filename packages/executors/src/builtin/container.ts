import { ArtifactRef, JsonValue } from '@weft/contract';
import { z } from 'zod';

import { containerInput } from '../container/container-input.ts';
import { Engine, NoEngineError } from '../container/engine.ts';
import { runContainer } from '../container/run-container.ts';
import { defineExecutor } from '../define.ts';
import { failure } from '../failure.ts';

export default defineExecutor({
  type: 'container',
  description: 'Runs a container of Docker or podman, by default without network and rights.',
  input: containerInput,
  output: z.strictObject({
    exitCode: z.int(),
    stdout: z.string(),
    stderr: z.string(),
    value: JsonValue,
    files: z.record(z.string(), ArtifactRef.nullable()),
  }),
  example: {
    image: 'docker.io/library/alpine:3.22',
    command: ['sh', '-c', 'wc -l < "$WEFT_IN/list.txt"'],
    filesIn: { 'list.txt': { text: 'one\ntwo\n' } },
    parse: 'json',
  },
  async run(call) {
    try {
      return await runContainer(new Engine(), call);
    } catch (error) {
      if (error instanceof NoEngineError) return failure('container_engine_missing', error.message);
      throw error;
    }
  },
});
