/** volley report: a run in any format, on stdout or in a file. */
import { surroundings } from "../config.ts";
import { FORMATS } from "../report/formats.ts";
import { answered, asked } from "./asking.ts";
import { reportFlags } from "./client-settings.ts";
import type { Command } from "./command.ts";
import { complain } from "./conduct.ts";
import { INFRASTRUCTURE } from "./connection.ts";
import { oneRun } from "./one-run.ts";
import { repeatedHere } from "./repeating.ts";
import { Reports } from "./reports.ts";
import { openScreen } from "./terminal/screen.ts";

export const command: Command = {
  name: "report",
  summary: "write the report of a run in any format",
  usage: "report RUN [-f NAME] [-o FILE] [flags]",
  about: [
    "Writes the run as text, or in the format that -f names, to stdout or to a file. Of a run in",
    "progress: what is known so far. The formats:",
    ...Object.entries(FORMATS).map(
      ([name, { description }]) => `  ${name.padEnd(7)} ${description}`,
    ),
  ].join("\n"),
  flags: reportFlags,
  examples: ["volley report run_…", "volley report run_… -f html -o report.html"],
  run,
};

async function run(argv: readonly string[]): Promise<number> {
  const { connection, positionals, values } = asked(
    reportFlags,
    argv,
    (line) => oneRun(line.positionals).faults,
  );
  const { runId } = oneRun(positionals);
  const reporter = { name: values.format ?? "txt", file: values.output };
  using reports = Reports.open({
    reporters: [reporter],
    views: false,
    annotations: false,
    stepSummary: undefined,
  });
  const { client, patience } = connection;
  const { color, stdout } = openScreen([], surroundings());
  return await answered(connection, async () => {
    const run = await patience.until(() => client.read(runId));
    const here = repeatedHere(run, { flags: connection.flags, isKept: true });
    const faults = await reports.write(here, { stdout, aside: stdout, color });
    for (const fault of faults) complain(fault);
    return faults.length === 0 ? 0 : INFRASTRUCTURE;
  });
}
