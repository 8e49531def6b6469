import type { EventMode } from '@weft/contract';

import { identity } from '../api/session.ts';
import { createStore } from '../store/store.ts';
import type { Flush, FromWorker, ToWorker } from './protocol.ts';

type Subscription = { topic: string; options: SubscribeOptions; take: (flush: Flush) => void };

export type SubscribeOptions = { after?: string | number; modes?: EventMode[] };

/** A flush with more events than this means that there is much going on. */
const MUCH = 50;

/** `null`: not known yet. */
export const isConnected = createStore<boolean | null>(null);
/** Much is going on: views show the newest state of things, and not each event. */
export const isHighTraffic = createStore(false);
/** Events a second, over the last second. */
export const eventRate = createStore(0);
/** While it holds, views keep what they show. */
export const isPaused = createStore(false);

const subscriptions = new Map<number, Subscription>();
let nextId = 1;
let post: ((message: ToWorker) => void) | null = null;
let counted = 0;
let mostInFlush = 0;
/** What has come since the last frame. */
let waiting: (Flush & { id: number })[] = [];

/** Tells `take` what happens, at most once a frame. Returns the function that ends it. */
export function subscribe(topic: string, take: (flush: Flush) => void, options: SubscribeOptions = {}): () => void {
  const id = nextId;
  nextId += 1;
  subscriptions.set(id, { topic, options, take });
  connect()({ t: 'subscribe', id, topic, ...options });
  return () => {
    subscriptions.delete(id);
    post?.({ t: 'unsubscribe', id });
  };
}

function connect(): (message: ToWorker) => void {
  if (post) return post;
  post = openWorker(receive);
  hello();
  identity.subscribe(hello);
  document.addEventListener('visibilitychange', tellVisible);
  addEventListener('pagehide', () => post?.({ t: 'bye' }));
  addEventListener('pageshow', (event) => event.persisted && hello());
  setInterval(tellRate, 1000);
  return post;
}

/** Also after the page was away, or is somebody else's: all is asked for anew. */
function hello(): void {
  post?.({ t: 'hello', url: location.origin, ...identity.get() });
  tellVisible();
  for (const [id, { topic, options }] of subscriptions) post?.({ t: 'subscribe', id, topic, ...options });
}

function tellVisible(): void {
  post?.({ t: 'visible', isVisible: document.visibilityState === 'visible' });
}

function openWorker(take: (message: FromWorker) => void): (message: ToWorker) => void {
  if (typeof SharedWorker === 'function') {
    const { port } = new SharedWorker(new URL('./feed-worker.ts', import.meta.url), { type: 'module', name: 'weft' });
    port.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => take(data));
    port.start();
    return (message) => port.postMessage(message);
  }
  const worker = new Worker(new URL('./feed-worker.ts', import.meta.url), { type: 'module' });
  worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => take(data));
  return (message) => worker.postMessage(message);
}

function receive(message: FromWorker): void {
  if (message.t === 'connection') return isConnected.set(message.isUp);
  const count = message.flushes.reduce((sum, flush) => sum + flush.count, 0);
  counted += count;
  mostInFlush = Math.max(mostInFlush, count);
  if (count > MUCH) isHighTraffic.set(true);
  if (waiting.length === 0) nextFrame(deliver);
  waiting.push(...message.flushes);
}

/** A hidden page has no frames. */
function nextFrame(then: () => void): void {
  if (document.visibilityState === 'visible') requestAnimationFrame(then);
  else setTimeout(then, 0);
}

function deliver(): void {
  if (isPaused.get()) return void setTimeout(() => nextFrame(deliver), 250);
  const flushes = waiting;
  waiting = [];
  for (const { id, ...flush } of flushes) {
    const subscription = subscriptions.get(id);
    if (!subscription) continue;
    if (flush.lastStep !== null) subscription.options = { ...subscription.options, after: flush.lastStep };
    subscription.take(flush);
  }
}

function tellRate(): void {
  eventRate.set(counted);
  if (mostInFlush === 0) isHighTraffic.set(false);
  counted = 0;
  mostInFlush = 0;
}
