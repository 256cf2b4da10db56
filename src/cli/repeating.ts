/** Commands that run a cell again, as they work for whoever reads them here. */
import type { ReadRun } from "../client/client.ts";
import type { ComparedCell, ComparedRow, ComparisonSource } from "../domain/comparison.ts";

export interface Whereabouts {
  /** What a command line needs beside to reach the same server. */
  readonly flags: string;
  /** Whether the run can still be asked for once this command has ended; else no command can. */
  readonly isKept: boolean;
}

/** The run with its comparison's commands as they work here. */
export function repeatedHere(run: ReadRun, where: Whereabouts): ReadRun {
  return { ...run, comparison: async () => comparedHere(await run.comparison(), where) };
}

export function comparedHere(comparison: ComparisonSource, where: Whereabouts): ComparisonSource {
  return { ...comparison, rows: rowsHere(comparison.rows, where) };
}

async function* rowsHere(rows: ComparisonSource["rows"], where: Whereabouts) {
  for await (const row of rows) {
    const here: ComparedRow = { ...row, cells: row.cells.map((cell) => cellHere(cell, where)) };
    yield here;
  }
}

function cellHere(cell: ComparedCell, { flags, isKept }: Whereabouts): ComparedCell {
  const { rerun, ...kept } = cell;
  if (rerun === undefined) return cell;
  return isKept ? { ...cell, rerun: rerun + flags } : kept;
}
