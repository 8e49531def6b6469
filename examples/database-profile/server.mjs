/**
 * What the pipeline talks to, to try it without a model: node server.mjs [PORT] [SECRET]
 *
 * It speaks OpenAI's protocols of embeddings and chat completions, and understands nothing: a vector is made of the words of
 * its text, and the answer is the sentence of the passages that has most words of the question. And it takes callbacks at
 * /hook, if their signature by SECRET is right: /heard lists them, each once.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const DIMENSIONS = 64;
const TOLERANCE_S = 300;

const [port = '4630', secret = ''] = process.argv.slice(2);
const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
const heard = new Map();

const wordsOf = (text) => (text.toLowerCase().match(/\p{L}+/gu) ?? []).map((word) => word.slice(0, 5));

function vectorOf(text) {
  const vector = Array.from({ length: DIMENSIONS }, () => 0.001);
  for (const word of wordsOf(text)) vector[createHash('sha256').update(word).digest().readUInt32LE() % DIMENSIONS] += 1;
  return vector;
}

function embed({ model, input }) {
  const data = [input].flat().map((text, index) => ({ object: 'embedding', index, embedding: vectorOf(text) }));
  const tokens = [input].flat().reduce((sum, text) => sum + wordsOf(text).length, 0);
  return { object: 'list', model, data, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

/** `[1] title`, then the text; the question comes last. */
function answer(prompt) {
  const [passages, question = ''] = prompt.split('\n\nQuestion: ');
  const asked = new Set(wordsOf(question));
  const sentences = passages.split(/\n\n(?=\[\d+\])/).flatMap((passage) => {
    const n = /^\[(\d+)\]/.exec(passage)?.[1];
    return (passage.split('\n')[1] ?? '').split(/(?<=\.) /).map((text) => ({ n, text }));
  });
  const score = ({ text }) => new Set(wordsOf(text).filter((word) => asked.has(word))).size;
  const best = sentences.toSorted((one, other) => score(other) - score(one))[0];
  return `${best.text} [${best.n}]`;
}

function complete({ model, messages, stream, stream_options: options }, response) {
  const content = answer(messages.at(-1).content);
  const common = { id: 'chatcmpl-1', created: Math.floor(Date.now() / 1000), model };
  const read = messages.reduce((sum, message) => sum + wordsOf(message.content).length, 0);
  const usage = { prompt_tokens: read, completion_tokens: wordsOf(content).length };
  if (!stream) {
    const choice = { index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' };
    return send(response, 200, { ...common, object: 'chat.completion', choices: [choice], usage });
  }
  const event = (choices, more = {}) =>
    `data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', choices, ...more })}\n\n`;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const piece of content.match(/\s*\S+/g)) response.write(event([{ index: 0, delta: { content: piece } }]));
  response.write(event([{ index: 0, delta: {}, finish_reason: 'stop' }]));
  if (options?.include_usage) response.write(event([], { usage }));
  return response.end('data: [DONE]\n\n');
}

/** As https://www.standardwebhooks.com has it; its libraries do the same. */
function isGenuine({ 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures = '' }, body) {
  if (key.length === 0 || Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_S) return false;
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
  return signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ''), 'base64');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

function hear({ headers }, body, response) {
  if (!isGenuine(headers, body)) return send(response, 401, { error: 'the signature is wrong' });
  const id = headers['webhook-id'];
  if (!heard.has(id)) {
    heard.set(id, JSON.parse(body));
    process.stdout.write(`heard ${JSON.parse(body).type}\n`);
  }
  return response.writeHead(204).end();
}

function send(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function give(request, response) {
  let body = '';
  for await (const piece of request) body += piece;
  if (request.url === '/heard') return send(response, 200, [...heard.values()]);
  if (request.method !== 'POST') return send(response, 404, { error: 'nothing is here' });
  if (request.url === '/hook') return hear(request, body, response);
  if (request.url === '/v1/embeddings') return send(response, 200, embed(JSON.parse(body)));
  if (request.url === '/v1/chat/completions') return complete(JSON.parse(body), response);
  return send(response, 404, { error: 'nothing is here' });
}

const server = createServer((request, response) => void give(request, response));

server.listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`);
});
