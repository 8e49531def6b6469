/** What a `container` task may say. */
import { ArtifactRef } from '@weft/contract';
import { z } from 'zod';

import { plainText, scalar, variableName } from '../process/variables.ts';

const MIB = 1_048_576;

/** A reference of the registries: host, path, tag, digest. So it begins with no `-` and leaves no path. */
const image = z
  .string()
  .max(500)
  .regex(
    /^[a-zA-Z0-9][\w.-]*(?::\d+)?(?:\/[a-z0-9][\w.-]*)*(?::\w[\w.-]*)?(?:@sha256:[0-9a-f]{64})?$/,
    'not the name of an image',
  );

/** A file lies below its folder, whatever its name; links cannot be made by a name. */
const fileName = z
  .string()
  .max(90)
  .regex(
    /^(?!\.{1,2}(?:\/|$))[\w.-]+(?:\/(?!\.{1,2}(?:\/|$))[\w.-]+)*$/,
    'a path of letters, digits, ".", "_" and "-"',
  );

const fileIn = z.union(
  [
    z.strictObject({ text: z.string() }),
    ArtifactRef.partial({ name: true, mediaType: true, bytes: true }),
    z.strictObject({ base64: z.base64() }),
  ],
  'expected { text }, { base64 } or an artifact',
);

const fileOut = z.strictObject({
  path: fileName,
  mediaType: z.string().min(1).max(200).optional(),
  optional: z.boolean().default(false),
});

export const containerInput = z.strictObject({
  image,
  command: z.array(scalar).min(1).max(1_000).optional(),
  entrypoint: z.array(plainText).min(1).max(100).optional(),
  env: z.record(variableName, scalar).default({}),
  user: z
    .string()
    .regex(/^\d{1,9}(?::\d{1,9})?$/, 'expected numbers: "1000" or "1000:1000"')
    .default('65534:65534'),
  workdir: plainText.regex(/^\//, 'expected an absolute path').optional(),
  network: z.boolean().default(false),
  memoryMb: z.int().min(6).max(1_048_576).default(512),
  cpus: z.number().min(0.01).max(1_024).default(1),
  pids: z.int().min(1).max(100_000).default(256),
  tmpMb: z.int().min(1).max(65_536).default(64),
  pull: z.enum(['missing', 'always', 'never']).default('missing'),
  filesIn: z.record(fileName, fileIn).default({}),
  filesOut: z.array(fileOut).max(100).default([]),
  parse: z.enum(['text', 'json', 'lines']).default('text'),
  maxBytes: z
    .int()
    .min(1)
    .max(10 * MIB)
    .default(MIB),
});

export type ContainerInput = z.output<typeof containerInput>;
export type FileOut = z.output<typeof fileOut>;
