/** Reporters: which ones a command line asks for, and where each writes. Pure. */
import { resolve } from "node:path";

import type { Surroundings } from "../config.ts";
import type { FormatName } from "../report/formats.ts";

export interface Reporter {
  readonly name: FormatName;
  /** Undefined: stdout. */
  readonly file: string | undefined;
}

export interface ReportPlan {
  readonly reporters: readonly Reporter[];
  /** Whether reporters that are views (`isView`) show the run in progress, and write no report. */
  readonly views: boolean;
  /** Whether GitHub Actions wants annotations that no reporter writes. */
  readonly annotations: boolean;
  /** File for the summary of a job of GitHub Actions. */
  readonly stepSummary: string | undefined;
}

export interface ReporterFlags {
  readonly order: readonly string[];
  readonly values: {
    readonly reporter: readonly FormatName[];
    readonly output: readonly string[];
  };
}

/** All that is to be reported; in GitHub Actions, annotations and a summary of the job as well. */
export function reportPlan(
  line: ReporterFlags,
  { githubActions, stepSummary }: Pick<Surroundings, "githubActions" | "stepSummary">,
): ReportPlan & { readonly faults: readonly string[] } {
  const { faults, reporters } = chosenReporters(line);
  return {
    reporters,
    views: true,
    annotations: githubActions && !reporters.some(({ name }) => name === "github"),
    stepSummary: githubActions ? stepSummary : undefined,
    faults,
  };
}

/** The reporters in the order of the command line: an `-o` belongs to the `-r` before it. */
export function chosenReporters({ order, values }: ReporterFlags): {
  reporters: readonly Reporter[];
  faults: readonly string[];
} {
  const [names, files] = [[...values.reporter], [...values.output]];
  const reporters: { name: FormatName; file: string | undefined }[] = [];
  const faults: string[] = [];
  for (const key of order) {
    if (key === "reporter") reporters.push({ name: names.shift() ?? "txt", file: undefined });
    if (key !== "output") continue;
    const file = files.shift() ?? "";
    const last = reporters.at(-1);
    if (!last) faults.push(`-o ${file} belongs after the -r NAME that it is for`);
    else if (last.file !== undefined) faults.push(`-o ${file}: -r ${last.name} has a file already`);
    else last.file = file;
  }
  return { reporters, faults: [...faults, ...conflicts(reporters)] };
}

function conflicts(reporters: readonly Reporter[]): string[] {
  const faults: string[] = [];
  const places = Map.groupBy(reporters, ({ file }) => file && resolve(file));
  for (const [place, group] of places) {
    if (group.length < 2) continue;
    const names = group.map(({ name }) => `-r ${name}`).join(" and ");
    faults.push(
      place === undefined
        ? `${names} would both write to stdout; give one of them a file with -o FILE`
        : `${names} would both write ${place}`,
    );
  }
  return faults;
}

/** Whether it can show a run while that is in progress: `list` and `dot` on stdout. */
export function isView({ file, name }: Reporter): boolean {
  return file === undefined && (name === "list" || name === "dot");
}
