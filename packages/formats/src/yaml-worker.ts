/** The thread that reads YAML: one text in, one answer out. */
import { parentPort } from 'node:worker_threads';
import { readYaml, type YamlRequest } from './yaml-read.ts';

const port = parentPort;
port?.postMessage('up');
port?.on('message', (request: YamlRequest) => port.postMessage(readYaml(request)));
