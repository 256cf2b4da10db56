/**
 * Regions as text: a table for a terminal, and what is wrong with one region in sentences. Pure;
 * untrusted text never reaches the terminal raw.
 */
import type { RegionList, RegionReport } from "../domain/fleet.ts";
import { withoutControls } from "../lib/log.ts";

const HEALTH: Readonly<Record<RegionReport["health"], string>> = {
  healthy: "✓ healthy",
  unhealthy: "✗ unhealthy",
  unknown: "? unknown",
};

const NO_REGIONS =
  "No region is configured: give volley serve PLAYWRIGHT_RUNNERS or --regions-file.";

/** Why a region is not as it should be; empty if it is. */
export function regionFaults({ drift, error, health }: RegionReport): string[] {
  const unknown = health === "unknown" ? ["The endpoint has not answered yet."] : [];
  return [
    ...unknown,
    ...(error === undefined ? [] : [error]),
    ...drift.map(({ message }) => message),
  ];
}

/** One row per region, without a final newline; further sentences stand on lines of their own. */
export function regionsText({ regions }: RegionList): string {
  if (regions.length === 0) return NO_REGIONS;
  const rows = [
    { cells: ["region", "health", "latency", "runners"], notes: [] },
    ...regions.map((report) => ({ cells: cells(report), notes: regionFaults(report) })),
  ];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...rows.map((row) => Bun.stringWidth(row.cells[column] ?? ""))),
  );
  return rows
    .flatMap((row) => {
      const line = row.cells.map((text, column) => padded(text, column, widths[column] ?? 0));
      const [first = "", ...further] = row.notes.map(withoutControls);
      const indent = " ".repeat(Bun.stringWidth(line.join("  ")));
      return [[...line, first].join("  "), ...further.map((note) => `${indent}  ${note}`)];
    })
    .map((line) => line.trimEnd())
    .join("\n");
}

function cells({ health, latencyMs, name, runners }: RegionReport): string[] {
  const latency = latencyMs === undefined ? "" : `${latencyMs} ms`;
  return [name, HEALTH[health], latency, runners === undefined ? "" : String(runners.length)];
}

/** Numbers stand to the right of their column. */
function padded(text: string, column: number, width: number): string {
  const space = " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
  return column < 2 ? text + space : space + text;
}
