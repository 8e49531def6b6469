import type { Artifact, ArtifactPage } from '@weft/contract';
import { eachItem } from './each-item.ts';
import type { CallOptions, Transport } from './transport.ts';

export type ListArtifactsOptions = CallOptions & {
  /** Only what this run has written or read. */
  run?: string | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
};

/** Files that tasks write and read. */
export type ArtifactsApi = {
  /** One page, newest first. */
  list(options?: ListArtifactsOptions): Promise<ArtifactPage>;
  /** All of them, page after page. */
  each(options?: ListArtifactsOptions): AsyncGenerator<Artifact, void, undefined>;
  /** Without a media type it is that of the blob, else `application/octet-stream`. */
  upload(
    file: { name: string; mediaType?: string | undefined },
    content: Uint8Array<ArrayBuffer> | Blob,
    options?: CallOptions,
  ): Promise<Artifact>;
  /** `range`: both ends count; without `to` it is all from there on. The body of the answer is the content. */
  download(artifact: string, options?: CallOptions & { range?: { from: number; to?: number } }): Promise<Response>;
  /** Throws `ApiError` `artifact_in_use` where a run refers to it. */
  remove(artifact: string, options?: CallOptions): Promise<void>;
};

const PATH = '/v1/artifacts';

export function artifactsApi(transport: Transport): ArtifactsApi {
  const pathOf = (artifact: string): string => `${PATH}/${encodeURIComponent(artifact)}`;
  const list = ({ signal, ...query }: ListArtifactsOptions = {}): Promise<ArtifactPage> =>
    transport.json({ signal, path: PATH, query });
  return {
    list,
    each: (options) => eachItem((cursor) => list({ ...options, ...(cursor !== undefined && { cursor }) })),
    upload({ name, mediaType }, content, { signal } = {}) {
      const given = content instanceof Blob && content.type !== '' ? content.type : 'application/octet-stream';
      const headers = { 'content-type': mediaType ?? given };
      return transport.json({ signal, method: 'POST', path: PATH, query: { name }, headers, content });
    },
    download(artifact, { signal, range } = {}) {
      const headers = range ? { range: `bytes=${range.from}-${range.to ?? ''}` } : {};
      return transport.open({ signal, path: pathOf(artifact), headers: { accept: '*/*', ...headers } });
    },
    async remove(artifact, { signal } = {}) {
      await transport.text({ signal, method: 'DELETE', path: pathOf(artifact) });
    },
  };
}
