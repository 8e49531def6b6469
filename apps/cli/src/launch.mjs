#!/usr/bin/env node
/**
 * Starts the command line with compiled code from disk. Plain JavaScript, so that the type stripper, which takes 15 MiB
 * and 30 ms, is not needed for this file either.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// NODE_COMPILE_CACHE names another folder, NODE_DISABLE_COMPILE_CACHE=1 wants none.
enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/node-compile', import.meta.url)));
await import('./main.ts');
