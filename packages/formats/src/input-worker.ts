/** The thread that checks inputs against schemas: one input in, its errors out. */
import { parentPort } from 'node:worker_threads';
import { checkInput } from '@weft/engine/domain';
import type { InputQuestion } from './input-checker.ts';

const port = parentPort;
port?.postMessage('up');
port?.on('message', ({ schema, input }: InputQuestion) => port.postMessage(checkInput(schema, input)));
