import { padText, plainText, textWidth } from './plain-text.ts';

/** Lines of a table whose columns are as wide as their widest cell; cells are made safe for a terminal. */
export function tableLines(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const cells = [header, ...rows].map((row) => row.map(plainText));
  const widths = header.map((_, column) => cells.reduce((max, row) => Math.max(max, textWidth(row[column] ?? '')), 0));
  return cells.map((row) =>
    row
      .map((cell, column) => padText(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
