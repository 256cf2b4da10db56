/** Which results the HTML report spells out, and what a link to one of them is called. */
import { type Cell, shadeOf } from "../cells.ts";

/** Results spelled out; of more there is only the cell in the matrix. */
export const MAX_RED = 500;
export const MAX_GREEN = 200;

/** Undefined for a result that is not spelled out, or not known yet. */
export function anchorOf({ mark, place }: Pick<Cell, "mark" | "place">): string | undefined {
  if (place === undefined) return undefined;
  if (shadeOf(mark) === "pass") return place < MAX_GREEN ? `green-${place}` : undefined;
  return place < MAX_RED ? `red-${place}` : undefined;
}
