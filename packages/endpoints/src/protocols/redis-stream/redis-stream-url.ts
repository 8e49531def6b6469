/** Where the requests of an endpoint behind Redis go: `redis://host:port/stream`. */
export type StreamAddress = { host: string; port: number; isTls: boolean; stream: string; replyStream: string };

const PROTOCOLS = new Set(['redis:', 'rediss:']);
const DEFAULT_PORT = 6379;

/** Why this URL is none of a stream in Redis, or null. */
export function checkStreamUrl(text: string): string | null {
  const url = URL.parse(text);
  if (url === null) return 'not an absolute URL';
  if (!PROTOCOLS.has(url.protocol)) return 'only redis and rediss are allowed';
  if (url.username !== '' || url.password !== '')
    return 'no user or password in a URL: set options.username and the token';
  if (url.hostname === '') return 'it names no host';
  const stream = streamOf(url);
  return stream === null || stream === '' ? 'it names no stream: redis://host:6379/stream' : null;
}

/** Takes a URL that was found good apart. */
export function streamAddress(text: string): StreamAddress {
  const url = new URL(text);
  const stream = streamOf(url) ?? '';
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    isTls: url.protocol === 'rediss:',
    stream,
    replyStream: `${stream}:responses`,
  };
}

function streamOf({ pathname }: URL): string | null {
  try {
    return decodeURIComponent(pathname.slice(1));
  } catch {
    return null;
  }
}
