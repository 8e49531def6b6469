import type { BackpressureOptions, ProducerConfig } from '@weft/producer';
import { createProcessGauge } from '@weft/worker';

const BYTES_PER_MIB = 1024 * 1024;

/** From when on a producer of this process refuses new work. */
export function producerBackpressure({ lanes, memoryLimitMib }: ProducerConfig): BackpressureOptions {
  const limitBytes = memoryLimitMib === null ? null : memoryLimitMib * BYTES_PER_MIB;
  return { ...lanes, gauge: createProcessGauge({ limitBytes, started: () => [] }) };
}
