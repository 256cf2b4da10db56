/** One picture of a run in progress: how far it is, and the live matrix. Pure. */
import { isOpen } from "../../report/source.ts";
import { logLine } from "../../report/untrusted-text.ts";
import { counted } from "../../report/words.ts";
import type { RunRecord } from "../run-record.ts";
import { matrixLines, type Room } from "./layout.ts";
import { liveMatrix } from "./live-rows.ts";
import { cut } from "./paint.ts";

const LONGEST_BAR = 30;
/** What stands above the matrix: the run, its progress, an empty line. */
const HEAD_ROWS = 3;

/** At most `room.rows` lines of at most `room.columns` columns. `elapsedMs`: since the start. */
export function frame(record: RunRecord, elapsedMs: number, room: Room): string[] {
  const title = room.paint(`Run ${logLine(record.runId)}`, "bold");
  const rows = matrixLines(liveMatrix(record.jobs), { ...room, rows: room.rows - HEAD_ROWS });
  const lines = [`${title}  ${clock(elapsedMs)}`, progress(record, room)];
  const all = rows.length > 0 ? [...lines, "", ...rows] : lines;
  return all.slice(0, Math.max(1, room.rows)).map((line) => cut(line, room.columns));
}

function progress({ counts, jobs }: RunRecord, { columns, paint }: Room): string {
  const total = jobs.length;
  if (total === 0) return "waiting for the server";
  const done = jobs.filter((job) => !isOpen(job)).length;
  const running = jobs.filter(({ state }) => state === "running").length;
  const length = Math.min(LONGEST_BAR, Math.floor(columns / 3));
  const filled = Math.floor((done / total) * length);
  const bar = paint("█".repeat(filled), "running") + paint("░".repeat(length - filled), "dim");
  const parts = [
    `${done}/${counted(total, "job")}`,
    running > 0 ? `${running} running` : "",
    counts.passed > 0 ? paint(`${counts.passed} passed`, "pass") : "",
    counts.failed > 0 ? paint(`${counts.failed} failed`, "fail") : "",
    counts.errored > 0 ? paint(`${counts.errored} errored`, "error") : "",
  ];
  return `${bar}  ${parts.filter((part) => part !== "").join(" · ")}`;
}

/** "0:07", "12:34", "1:02:03". */
function clock(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
