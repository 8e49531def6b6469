export { buildApp } from './app.ts';
export type { AppOptions } from './app-options.ts';
export { ConfigError, readProducerConfig } from './config.ts';
export type { ProducerConfig } from './config.ts';
export type { Metric } from './metrics-text.ts';
export type { BackpressureOptions } from './pressure/lane-load.ts';
export { printApi } from './openapi/print-api.ts';
export { startProducer } from './server.ts';
export type { Producer, ProducerOptions } from './server.ts';
