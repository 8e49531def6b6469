export { createFileArtifactStore } from './file-artifact-store.ts';
export { createS3ArtifactStore } from './s3-artifact-store.ts';
export type { S3Place } from './s3-artifact-store.ts';
