/**
 * The region matrix as lines of text, so that what differs is seen at a glance: a table, or where
 * that is too wide for the terminal, each row's regions below its name.
 */
import type { RunSummary } from "../domain/run.ts";
import {
  type Cell,
  type Mark,
  type Matrix,
  matrixOf,
  type Row,
  rowName,
  shadeOf,
  SIGNS,
  WORDS,
} from "./cells.ts";
import { clippedToWidth, logLine } from "./untrusted-text.ts";
import { counted } from "./words.ts";

export interface MatrixOptions {
  /** Whether to colour with ANSI codes. Signs differ as well, so nothing is lost without. */
  readonly color: boolean;
  /** Columns of the terminal. Default: as wide as the matrix needs. */
  readonly width?: number;
}

const COLORS: Readonly<Record<ReturnType<typeof shadeOf>, string>> = {
  pass: "32",
  fail: "31",
  error: "35",
  running: "36",
  queued: "2",
};

/** Of a matrix that is drawn from jobs in memory. */
const LIMITS = { rows: 10_000, regions: 1_000 };
const GAP = "  ";
/** Urls are shortened to this before the table is given up. */
const SHORT_URL = 24;

/** The matrix of a run, ended or not, without a final newline. */
export function matrixText({ jobs }: Pick<RunSummary, "jobs">, options: MatrixOptions): string {
  return matrixLines(matrixOf(jobs, LIMITS), options).join("\n");
}

/** The lines of a matrix, and after them what of it is not drawn. */
export function matrixLines(matrix: Matrix, options: MatrixOptions): string[] {
  return [...(table(matrix, options) ?? stacked(matrix, options)), ...hidden(matrix)];
}

/** Undefined if it does not fit. */
function table({ regions, rows }: Matrix, { color, width = Infinity }: MatrixOptions) {
  const names = ["runner", ...rows.map((row) => logLine(rowName(row)))];
  const urls = ["url", ...rows.map(({ url }) => logLine(url))];
  const widths = regions.map((region) =>
    widest([region, ...rows.map(({ cells }) => marked(cells.get(region)))]),
  );
  const nameWidth = widest(names);
  const rest = widths.reduce((sum, each) => sum + GAP.length + each, nameWidth + GAP.length);
  const urlWidth = Math.min(widest(urls), width - rest);
  if (urlWidth < Math.min(widest(urls), SHORT_URL)) return undefined;
  const line = (index: number, cells: readonly string[]): string => {
    const name = padded(names[index] ?? "", nameWidth);
    const url = padded(clippedToWidth(urls[index] ?? "", urlWidth), urlWidth);
    return [name, url, ...cells].join(GAP).trimEnd();
  };
  return [
    line(
      0,
      regions.map((region, column) => padded(region, widths[column] ?? 0)),
    ),
    ...rows.map(({ cells }, index) => {
      const cell = (region: string, column: number): string =>
        painted(cells.get(region), color, widths[column] ?? 0);
      return line(index + 1, regions.map(cell));
    }),
  ];
}

function stacked({ regions, rows }: Matrix, { color, width = Infinity }: MatrixOptions): string[] {
  return rows.flatMap((row) => {
    const name = clippedToWidth(logLine(rowName(row)), width);
    const url = clippedToWidth(logLine(row.url), width - Bun.stringWidth(name) - GAP.length);
    return [`${name}${GAP}${url}`.trimEnd(), ...wrapped(marksOf(row, regions, color), width)];
  });
}

interface Piece {
  readonly text: string;
  readonly width: number;
}

function marksOf({ cells }: Row, regions: readonly string[], color: boolean): Piece[] {
  return regions.flatMap((region) => {
    const cell = cells.get(region);
    if (!cell) return [];
    const width = Bun.stringWidth(`${SIGNS[cell.mark]} ${region}`);
    return [{ text: `${colored(SIGNS[cell.mark], cell.mark, color)} ${region}`, width }];
  });
}

/** Indented lines, none wider than `width` unless one piece alone is. */
function wrapped(pieces: readonly Piece[], width: number): string[] {
  const lines: string[] = [];
  let used = Infinity;
  for (const piece of pieces) {
    if (used + GAP.length + piece.width > width) {
      lines.push(GAP + piece.text);
      used = GAP.length + piece.width;
    } else {
      lines.push(`${lines.pop() ?? ""}${GAP}${piece.text}`);
      used += GAP.length + piece.width;
    }
  }
  return lines;
}

function hidden({ hiddenRegions, hiddenRows }: Matrix): string[] {
  return [
    ...(hiddenRows > 0 ? [`… and ${counted(hiddenRows, "more row")}`] : []),
    ...(hiddenRegions > 0 ? [`… and ${counted(hiddenRegions, "more region")}`] : []),
  ];
}

function marked(cell: Cell | undefined): string {
  return cell ? `${SIGNS[cell.mark]} ${WORDS[cell.mark]}` : "";
}

function painted(cell: Cell | undefined, color: boolean, width: number): string {
  const text = padded(marked(cell), width);
  return cell ? colored(text, cell.mark, color) : text;
}

function colored(text: string, mark: Mark, color: boolean): string {
  return color ? `\u001b[${COLORS[shadeOf(mark)]}m${text}\u001b[0m` : text;
}

function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
}

function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, Bun.stringWidth(text)), 0);
}
