#!/usr/bin/env node
import { holdYoungGeneration, keepCompiledCode } from './footprint.ts';

keepCompiledCode();
holdYoungGeneration();
// Loaded only now: what a module imports statically is loaded before its first line runs.
const { start } = await import('./start.ts');
await start();
