/** volley ls: the runs of a server, newest first. */
import type { ListedRun } from "../domain/run.ts";
import { present } from "../lib/present.ts";
import { logLine } from "../report/untrusted-text.ts";
import { counted, duration, judgement } from "../report/words.ts";
import { answered, asked } from "./asking.ts";
import { lsFlags } from "./client-settings.ts";
import type { Command } from "./command.ts";
import type { Connection } from "./connection.ts";
import { Output } from "./terminal/output.ts";
import { fitted, widthOf } from "./terminal/paint.ts";

export const command: Command = {
  name: "ls",
  summary: "list runs, newest first",
  usage: "ls [flags]",
  about: "Lists the runs that fit all filters, newest first, as a table or as JSON lines.",
  flags: lsFlags,
  examples: ["volley ls", "volley ls --state failed --since 24h", "volley ls --tag nightly --json"],
  run,
};

/** Most runs in one answer of the API. */
const PAGE_SIZE = 100;

async function run(argv: readonly string[]): Promise<number> {
  const { connection, values } = asked(lsFlags, argv, ({ positionals }) =>
    positionals.map((word) => `unexpected argument "${word}"`),
  );
  const output = new Output(process.stdout);
  const { json, limit, region, since, state, tag, url } = values;
  const filters = present({ region, since, state, tag, url });
  return answered(connection, async () => {
    const rows: ListedRun[] = [];
    let count = 0;
    for await (const listed of runs(connection, filters as Record<string, string>, limit)) {
      count++;
      if (json) await output.finish(`${JSON.stringify(listed)}\n`);
      else rows.push(listed);
    }
    if (!json) await output.finish(count === 0 ? "No runs.\n" : listing(rows, output));
    return 0;
  });
}

async function* runs(
  { client, patience }: Connection,
  filters: Readonly<Record<string, string>>,
  limit: number,
): AsyncGenerator<ListedRun> {
  let left = limit;
  let cursor: string | undefined;
  do {
    const query = { ...filters, limit: String(Math.min(left, PAGE_SIZE)), ...present({ cursor }) };
    const page = await patience.until(() => client.list(query));
    yield* page.runs;
    left -= page.runs.length;
    cursor = page.nextCursor;
  } while (left > 0 && cursor !== undefined);
}

const HEAD = ["run", "state", "results", "jobs", "age", "tags"];

/** A table, or on a terminal that is too narrow for it two lines a run. */
function listing(rows: readonly ListedRun[], { columns, isTerminal }: Output): string {
  const lines = table(rows);
  if (!isTerminal || lines.every((line) => widthOf(line) <= columns)) return joined(lines);
  return joined(rows.flatMap(paragraph));
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

function paragraph(row: ListedRun): string[] {
  const [run = "", state, results, , since, tags] = cells(row);
  const facts = [state, results, counted(row.totalJobs, "job"), `${since} ago`, tags];
  return [run, `  ${facts.filter((fact) => fact !== "").join(" · ")}`];
}

function table(rows: readonly ListedRun[]): string[] {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) =>
    Math.max(...lines.map((line) => widthOf(line[column] ?? ""))),
  );
  return lines.map((line) =>
    line
      .map((text, column) => fitted(text, widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function cells({ createdAt, runId, state, summary, tags, totalJobs }: ListedRun): string[] {
  const { errored, failed, passed, total } = summary;
  const words = [
    passed > 0 ? `${passed} passed` : "",
    failed > 0 ? `${failed} failed` : "",
    errored > 0 ? `${errored} errored` : "",
  ].filter((word) => word !== "");
  const isEnded = passed + failed + errored === total;
  const known = words.length > 0 ? words.join(", ") : `0 of ${total}`;
  const results = isEnded ? known + judgement(summary) : known;
  return [
    logLine(runId),
    state,
    results,
    String(totalJobs),
    age(createdAt),
    tags.map(logLine).join(", "),
  ];
}

function age(at: string): string {
  const ms = Math.max(0, Date.now() - Date.parse(at));
  return ms < 60_000 ? `${Math.round(ms / 1_000)} s` : duration(ms);
}
