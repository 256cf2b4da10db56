/** volley cancel: ends a run that is in progress. */
import { logLine } from "../report/untrusted-text.ts";
import { answered, asked } from "./asking.ts";
import { cancelFlags } from "./client-settings.ts";
import type { Command } from "./command.ts";
import { oneRun } from "./one-run.ts";
import { Output } from "./terminal/output.ts";

export const command: Command = {
  name: "cancel",
  summary: "cancel a run",
  usage: "cancel RUN [flags]",
  about: [
    "Aborts what is in flight; what was answered stays. Cancelling a cancelled run does nothing; a",
    "run that has ended otherwise cannot be cancelled (exit code 2).",
  ].join("\n"),
  flags: cancelFlags,
  examples: ["volley cancel run_…"],
  run,
};

async function run(argv: readonly string[]): Promise<number> {
  const { connection, positionals } = asked(
    cancelFlags,
    argv,
    (line) => oneRun(line.positionals).faults,
  );
  const { runId } = oneRun(positionals);
  const { client, patience } = connection;
  return answered(connection, async () => {
    await patience.until(() => client.cancel(runId));
    await new Output(process.stdout).finish(`Cancelled ${logLine(runId)}.\n`);
    return 0;
  });
}
