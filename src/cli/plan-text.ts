/** What a request would run, for `volley run --list`. Pure. */
import { TypeCompiler } from "@sinclair/typebox/compiler";

import { StartError } from "../domain/errors.ts";
import { RunRequest } from "../domain/run.ts";
import { schemaFaults } from "../http/schema-faults.ts";
import { expectationFaults } from "../orchestrator/expectations.ts";
import { fanoutJobs } from "../orchestrator/fanout.ts";
import { regionOf } from "../report/cells.ts";
import { logLine } from "../report/untrusted-text.ts";
import { counted } from "../report/words.ts";
import { fitted, widthOf } from "./terminal/paint.ts";

/** One line per job. Throws StartError for what is no request. */
export function planText(request: RunRequest): string {
  const check = TypeCompiler.Compile(RunRequest);
  const faults = check.Check(request)
    ? expectationFaults(request)
    : schemaFaults(check.Errors(request));
  if (faults.length > 0) {
    throw new StartError(faults.map(({ message, path }) => `${path}: ${message}`));
  }
  const jobs = fanoutJobs(request.runners);
  const rows = jobs.map((job) => [
    logLine(job.url),
    logLine(regionOf(job)),
    job.runners.map(({ name }) => logLine(name)).join(", "),
  ]);
  const width = (column: number): number =>
    rows.reduce((most, row) => Math.max(most, widthOf(row[column] ?? "")), 0);
  const widths = [width(0), width(1), 0];
  const lines = rows.map((row) =>
    row.map((text, column) => (column < 2 ? fitted(text, widths[column] ?? 0) : text)).join("  "),
  );
  const results = counted(request.runners.length, "result");
  return `${lines.join("\n")}\n\n${counted(jobs.length, "job")}, ${results}; nothing was sent.\n`;
}
