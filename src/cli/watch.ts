/** volley watch: shows a run that was started elsewhere until it ends, and reports it. */
import { commandLine, surroundings } from "../config.ts";
import { StartError } from "../domain/errors.ts";
import { watchFlags } from "./client-settings.ts";
import type { Command } from "./command.ts";
import { conduct } from "./conduct.ts";
import { connectionFrom } from "./connection.ts";
import { Interruption } from "./interruption.ts";
import { oneRun } from "./one-run.ts";
import { reportPlan } from "./reporters.ts";
import { Reports } from "./reports.ts";
import { RunRecord } from "./run-record.ts";
import { openScreen } from "./terminal/screen.ts";

export const command: Command = {
  name: "watch",
  summary: "show a run until it ends, wherever it was started",
  usage: "watch RUN [flags]",
  about: [
    "Shows the run as volley run does, with the same reports and exit codes; a run that has ended is",
    "shown as it ended. Ctrl-C leaves, and the run goes on.",
  ].join("\n"),
  flags: watchFlags,
  examples: ["volley watch run_…", "volley watch run_… -r junit -o report.xml"],
  run,
};

async function run(argv: readonly string[]): Promise<number> {
  const line = commandLine(watchFlags, argv);
  const { faults: runFaults, runId } = oneRun(line.positionals);
  const around = surroundings();
  const plan = reportPlan(line, around);
  const screen = openScreen(plan.reporters, around);
  const connected = connectionFrom(line.values, (sentence) => screen.view.say(sentence));
  const faults = [...line.faults, ...runFaults, ...plan.faults];
  if ("faults" in connected) throw new StartError([...faults, ...connected.faults]);
  if (faults.length > 0) throw new StartError(faults);
  using reports = Reports.open(plan);
  using interruption = new Interruption(() => reports[Symbol.dispose]());
  return await conduct({
    connection: connected.connection,
    record: new RunRecord(runId),
    screen,
    reports,
    interruption,
    failOn: line.values.failOn,
    onInterruption: "leave",
    isKept: true,
  });
}
