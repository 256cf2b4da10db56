/** What a command line of `volley run` asks for: everything that is known before anything happens. */
import { commandLine, surroundings } from "../config.ts";
import { StartError } from "../domain/errors.ts";
import type { RunRequest } from "../domain/run.ts";
import { flagName } from "../lib/flags.ts";
import type { RerunSelection } from "../orchestrator/rerun.ts";
import { runFlags } from "./client-settings.ts";
import { type Connection, connectionFrom } from "./connection.ts";
import { readCells } from "./expectations.ts";
import { type ReportPlan, reportPlan } from "./reporters.ts";
import { requestFrom, type RunValues } from "./run-request.ts";
import { openScreen, type Screen } from "./terminal/screen.ts";

export interface RunPlan extends ReportPlan {
  readonly values: RunValues;
  /** What of another run is run again, if one is. */
  readonly again: RerunSelection;
  /** Undefined if another run is run again. */
  readonly request: RunRequest | undefined;
  /** Undefined if no server is needed. */
  readonly connection: Connection | undefined;
  readonly screen: Screen;
}

/** Throws StartError naming every fault. */
export function runPlan(argv: readonly string[]): RunPlan {
  const line = commandLine(runFlags, argv);
  const { positionals: names, values } = line;
  const around = surroundings();
  const { faults: reportFaults, ...reports } = reportPlan(line, around);
  const screen = openScreen(reports.reporters, around);
  const faults = [...line.faults, ...reportFaults, ...contradictions(names, line)];
  const cells = readCells(values.cell, faults);
  const requested = values.rerun === undefined ? requestFrom(names, values) : undefined;
  const connected =
    values.local === undefined
      ? connectionFrom(values, (sentence) => screen.view.say(sentence))
      : undefined;
  for (const part of [requested, connected])
    if (part && "faults" in part) faults.push(...part.faults);
  if (faults.length > 0) throw new StartError(faults);
  return {
    ...reports,
    values,
    again: cells.length > 0 ? cells : values.only,
    request: requested && "request" in requested ? requested.request : undefined,
    connection: connected && "connection" in connected ? connected.connection : undefined,
    screen,
  };
}

/** What a run that is run again has already. */
const OF_THE_RUN = [
  "url",
  "region",
  "input",
  "tag",
  "concurrency",
  "timeout",
  "jobTimeout",
  "retries",
  "strict",
  "expect",
  "policy",
  "ignore",
  "runId",
  "file",
  "list",
  "local",
] as const;

interface Line {
  readonly order: readonly string[];
  readonly values: RunValues;
}

/** Flags that make no sense together. */
function contradictions(names: readonly string[], { order, values }: Line): string[] {
  const given = new Set(order);
  const faults: string[] = [];
  if (values.rerun !== undefined) {
    const beside = OF_THE_RUN.filter((key) => given.has(key)).map((key) => `--${flagName(key)}`);
    for (const word of [...names, ...beside]) {
      faults.push(`${word} cannot stand beside --rerun, which repeats a run as it was`);
    }
  } else {
    for (const key of ["only", "cell"].filter((one) => given.has(one))) {
      faults.push(`--${key} says what to run again; it needs --rerun RUN`);
    }
  }
  if (given.has("only") && given.has("cell")) {
    faults.push("--only and --cell both say what to run again; give one of them");
  }
  if (values.detach && values.local !== undefined) {
    faults.push("--detach needs a server that goes on; --local ends with this command");
  }
  if (values.detach && values.reporter.length > 0) {
    faults.push("--detach leaves before there is anything to report; see volley report");
  }
  return faults;
}
