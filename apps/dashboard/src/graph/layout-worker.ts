/** Lays graphs out beside the page, which stays responsive however large they are. */
import type { GraphDrawing } from '@weft/contract';

import { layOut } from './layout.ts';

type Scope = {
  addEventListener: (
    type: 'message',
    listener: (event: MessageEvent<{ id: number; drawing: GraphDrawing }>) => void,
  ) => void;
  postMessage: (message: unknown) => void;
};

const scope = globalThis as unknown as Scope;
scope.addEventListener('message', ({ data: { id, drawing } }) => scope.postMessage({ id, layout: layOut(drawing) }));
