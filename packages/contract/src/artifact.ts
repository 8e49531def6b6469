/** Files that tasks write and read: content, known by its hash. */
import { z } from 'zod';

/** The SHA-256 of the content, in hexadecimal; what an artifact is known by. */
export const ArtifactId = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'expected the SHA-256 of the content: 64 hexadecimal digits');

export type ArtifactId = z.infer<typeof ArtifactId>;

/** One artifact as outputs and inputs name it. `bytes`: of the whole content. */
export const ArtifactRef = z
  .strictObject({ artifact: ArtifactId, name: z.string(), mediaType: z.string(), bytes: z.int().min(0) })
  .meta({ id: 'ArtifactRef' });

export type ArtifactRef = z.infer<typeof ArtifactRef>;
