import { GraphDrawing } from '@weft/contract';
import type { DrawQuery } from '@weft/contract';
import { toDot, toMermaid } from '@weft/engine/domain';
import type { Diagram } from '@weft/engine/domain';
import { z } from 'zod';

const text = { schema: z.string() };

/** What a route that draws answers with. */
export const drawingAnswer = {
  description: 'Mermaid (text/plain), DOT (text/vnd.graphviz) or JSON',
  content: { 'text/plain': text, 'text/vnd.graphviz': text, 'application/json': { schema: GraphDrawing } },
};

/** The body in the format that is asked for, and its content type; null for what is sent as JSON. */
export function drawingOf(
  diagram: Diagram,
  format: DrawQuery['format'],
): { type: string | null; body: string | Diagram } {
  switch (format) {
    case 'mermaid':
      return { type: 'text/plain; charset=utf-8', body: toMermaid(diagram) };
    case 'dot':
      return { type: 'text/vnd.graphviz; charset=utf-8', body: toDot(diagram) };
    case 'json':
      return { type: null, body: diagram };
  }
}
