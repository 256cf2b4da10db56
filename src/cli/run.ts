/**
 * volley run: submits a run, shows it until it ends, reports it, and ends with an exit code that a
 * build can act on.
 */
import type { AcceptedRun } from "../client/client.ts";
import { logLine } from "../report/untrusted-text.ts";
import { runFlags } from "./client-settings.ts";
import type { Command } from "./command.ts";
import { complain, conduct, INTERRUPTED } from "./conduct.ts";
import { type Connection, explained } from "./connection.ts";
import { Interruption } from "./interruption.ts";
import { openLocalServer } from "./local-server.ts";
import { planText } from "./plan-text.ts";
import { Reports } from "./reports.ts";
import { type RunPlan, runPlan } from "./run-plan.ts";
import { type NamesOf, namesOfRequest, namesOfRun, RunRecord } from "./run-record.ts";

export const command: Command = {
  name: "run",
  summary: "run runners on urls from regions, and wait for the results",
  usage: "run NAME… --url URL… --region NAME… [flags]",
  about: [
    "Submits runners x urls x regions to a server, shows every region until the run has ended, and",
    "says what did not pass. On a terminal the picture is redrawn in place; in CI or a pipe there is",
    "one line per result. Ctrl-C cancels the run, a second one leaves at once.",
    "",
    "With --local DIR no server is needed: the runner files of DIR are executed here (--hosts to",
    "--pass-env are for them). Reports: -r NAME writes to stdout, -r NAME -o FILE to a file.",
    "",
    "Exit code 0: all passed, or as --expect and --policy say; 1: some failed or threw; 2: usage, or",
    "the server refused; 3: a region, or the server, could not be reached; 4: timed out; 130:",
    "interrupted or cancelled. Of several the first of 130, 4, 3 and 1 counts.",
  ].join("\n"),
  flags: runFlags,
  examples: [
    "volley run titleTest --url https://example.com --region eu-west-1 --region us-east-1",
    "volley run titleTest --url https://example.com --local ./runners",
    "volley run --file request.json -r junit -o report.xml -r html -o report.html",
    "volley run --file request.json --expect 'eu-*=pass' --expect 'us-*=fail' --policy majority",
    "volley run --rerun run_…",
  ],
  run,
};

async function run(argv: readonly string[]): Promise<number> {
  const plan = runPlan(argv);
  const { request, screen, values } = plan;
  if (values.list && request) {
    await screen.stdout.finish(planText(request));
    return 0;
  }
  using reports = Reports.open(plan);
  const say = (sentence: string): void => screen.view.say(sentence);
  await using local =
    values.local === undefined ? undefined : openLocalServer(values.local, values, say);
  const connection = local?.connection ?? plan.connection;
  if (!connection) return 0;
  using interruption = new Interruption(() => {
    local?.abandon();
    reports[Symbol.dispose]();
  });
  const submitted = await submit(plan, connection, interruption);
  if (typeof submitted === "number") return submitted;
  const { names, runId, warnings = [] } = submitted;
  if (values.detach) {
    await screen.stdout.finish(`${runId}\n`);
    for (const { message } of warnings) complain(`Warning: ${logLine(message)}`);
    return 0;
  }
  return await conduct({
    connection,
    record: new RunRecord(runId, names),
    screen,
    reports,
    interruption,
    failOn: values.failOn,
    onInterruption: "cancel",
    isKept: local === undefined,
  });
}

interface Submitted extends AcceptedRun {
  readonly names: NamesOf;
}

/** Resolves with the exit code if there is no run. */
async function submit(
  { again, request, values }: RunPlan,
  connection: Connection,
  interruption: Interruption,
): Promise<Submitted | number> {
  const { client, patience } = connection;
  // However often the connection is lost, the server starts one run for this key.
  const key = crypto.randomUUID();
  const { signal } = interruption;
  try {
    if (request) {
      const accepted = await patience.until(() => client.submit(request, key), signal);
      return { ...accepted, names: namesOfRequest(request) };
    }
    const { rerun = "" } = values;
    const accepted = await patience.until(() => client.rerun(rerun, again, key), signal);
    const parent = await patience.until(() => client.read(rerun), signal);
    return { ...accepted, names: await namesOfRun(parent, again) };
  } catch (error) {
    if (error === signal.reason) {
      complain("Interrupted before the server had answered; a run may have been started.");
      return INTERRUPTED;
    }
    const { code, sentences } = explained(error, connection);
    for (const sentence of sentences) complain(sentence);
    return code;
  }
}
