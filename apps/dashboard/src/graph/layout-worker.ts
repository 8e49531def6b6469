/** Lays graphs out beside the page, which stays responsive however large they are. */
import type { GraphDrawing } from '@weft/contract';

import { layOut } from './layout.ts';

type Scope = {
  onmessage: ((event: MessageEvent<{ id: number; drawing: GraphDrawing }>) => void) | null;
  postMessage(message: unknown): void;
};

const scope = globalThis as unknown as Scope;
scope.onmessage = ({ data: { id, drawing } }) => scope.postMessage({ id, layout: layOut(drawing) });
