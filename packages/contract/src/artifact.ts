/** Files that tasks write and read: content, known by its hash. */
import { z } from 'zod';
import { pageOf, PageQuery } from './page.ts';

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

/** One artifact of a tenant. In the list of a run: as the run knows it, with the task that had it first. */
export const Artifact = ArtifactRef.extend({
  createdAt: z.iso.datetime(),
  runId: z.uuid().exactOptional(),
  taskId: z.uuid().exactOptional(),
}).meta({ id: 'Artifact', description: 'A file that a task wrote, or somebody uploaded' });

export type Artifact = z.infer<typeof Artifact>;

export const ArtifactPage = pageOf(Artifact).meta({ id: 'ArtifactPage' });
export type ArtifactPage = z.infer<typeof ArtifactPage>;

/** The query of `GET /v1/artifacts`. */
export const ListArtifactsQuery = PageQuery.extend({
  run: z.uuid().optional().meta({ description: 'Only what this run has written or read' }),
});
export type ListArtifactsQuery = z.infer<typeof ListArtifactsQuery>;

/** The query of `POST /v1/artifacts`. */
export const UploadArtifactQuery = z.strictObject({
  name: z.string().min(1).max(255).meta({ description: 'Such as `report.pdf` or `reports/june.pdf`' }),
});
export type UploadArtifactQuery = z.infer<typeof UploadArtifactQuery>;
