import type { Json } from '@weft/contract';
import type { CallOptions, Transport } from './transport.ts';

export type GraphFormat = 'mermaid' | 'dot' | 'json';

export type DrawingOptions = CallOptions & { format?: GraphFormat | undefined; version?: number | undefined };

/** The graph below the path: as text, or as data for `json`. */
export function drawing(transport: Transport, path: string, options: DrawingOptions = {}): Promise<Json> {
  const { signal, version, format = 'mermaid' } = options;
  const call = { signal, path: `${path}/graph`, query: { version, format } };
  return format === 'json' ? transport.json<Json>(call) : transport.text({ ...call, headers: { accept: '*/*' } });
}
