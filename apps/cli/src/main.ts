#!/usr/bin/env node
import { holdYoungGeneration } from './footprint.ts';

holdYoungGeneration();
// Loaded only now: what a module imports statically is loaded before its first line runs.
const { start } = await import('./start.ts');
await start();
