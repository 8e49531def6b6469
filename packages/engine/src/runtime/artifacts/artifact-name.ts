/** What artifacts may be called. A name is shown and never a path of this machine, but programs take it for one. */
import { ArtifactError } from '../../ports/index.ts';

const MAX_LENGTH = 255;
const MEDIA_TYPE =
  /^[a-z0-9!#$&^_.+-]{1,100}\/[a-z0-9!#$&^_.+-]{1,100}( ?; ?[a-z0-9_.-]{1,50}=[\w.:/+-]{1,100}){0,5}$/i;

/** Names with folders are allowed, such as `reports/june.pdf`; such as lead out of one are not. Throws `invalid_artifact`. */
export function requireName(name: string): string {
  const reason = whatIsWrong(name);
  if (reason === null) return name;
  throw new ArtifactError('invalid_artifact', `the name ${JSON.stringify(name.slice(0, 100))} ${reason}`);
}

function whatIsWrong(name: string): string | null {
  if (name.length === 0 || name.length > MAX_LENGTH) return `must have 1 to ${MAX_LENGTH} characters`;
  if (/\p{Cc}/u.test(name) || !name.isWellFormed()) return 'holds control characters';
  if (name.includes('\\')) return 'holds a backslash';
  if (name.startsWith('/') || /^[a-z]:/i.test(name)) return 'is an absolute path';
  const parts = name.split('/');
  if (parts.some((part) => part === '..' || part === '.' || part === '')) return 'leads out of its folder';
  return null;
}

/** Throws `invalid_artifact`. */
export function requireMediaType(mediaType: string): string {
  if (MEDIA_TYPE.test(mediaType)) return mediaType;
  throw new ArtifactError('invalid_artifact', `${JSON.stringify(mediaType.slice(0, 100))} is no media type`);
}
