/**
 * Conducting a run to its end: following it, showing it, reporting it, and the exit code. What
 * `volley run` and `volley watch` have in common.
 */
import { comparisonSource } from "../client/client.ts";
import { Refusal } from "../client/errors.ts";
import { follow } from "../client/follow.ts";
import type { Comparison } from "../domain/comparison.ts";
import { present } from "../lib/present.ts";
import { viewOfComparison } from "../report/comparison.ts";
import { exitCode, newFailureCode } from "../report/exit-code.ts";
import { comparisonLines } from "../report/text.ts";
import { logLine } from "../report/untrusted-text.ts";
import { closingText } from "./closing.ts";
import { type Connection, explained, INFRASTRUCTURE, USAGE } from "./connection.ts";
import type { Interruption } from "./interruption.ts";
import { comparedHere, repeatedHere } from "./repeating.ts";
import type { Reports } from "./reports.ts";
import type { RunRecord } from "./run-record.ts";
import type { Screen } from "./terminal/screen.ts";

/** What stands on the screen of a comparison; the reports have more. */
const SHOWN = { differences: 10, cells: 10 };
const MOST_COMMANDS = 3;

/** The exit code of a command that was told to stop. */
export const INTERRUPTED = 130;

/** What fails no build where only new failures do. */
const NO_NEW_FAILURE = "It is no new failure.";

export interface Conduct {
  readonly connection: Connection;
  readonly record: RunRecord;
  readonly screen: Screen;
  readonly reports: Reports;
  readonly interruption: Interruption;
  /** What makes the exit code other than 0. */
  readonly failOn: "unexpected" | "new-failure";
  /** What an interruption means to the run. */
  readonly onInterruption: "cancel" | "leave";
  /** Whether the run can still be asked for once this command has ended. */
  readonly isKept: boolean;
}

/** Resolves with the exit code, once the run has ended or cannot be followed any longer. */
export async function conduct(options: Conduct): Promise<number> {
  const { connection, interruption, record, screen } = options;
  const again = `volley watch ${logLine(record.runId)}${connection.flags}`;
  const cancels = options.onInterruption === "cancel" ? cancelling(options) : undefined;
  try {
    await followToEnd(options, cancels ? new AbortController().signal : interruption.signal);
  } catch (error) {
    screen.view.close();
    const leaves = interruption.happened && !cancels;
    const { code, sentences } = leaves
      ? { code: INTERRUPTED, sentences: [] }
      : explained(error, connection);
    for (const sentence of sentences) complain(sentence);
    const isKnown = cancels !== undefined || record.head !== undefined;
    if (options.isKept && isKnown && code !== USAGE)
      complain(`The run goes on; look again with: ${again}`);
    return interruption.happened ? INTERRUPTED : code;
  } finally {
    cancels?.[Symbol.dispose]();
  }
  screen.view.close();
  const comparison = await compared(options);
  const code = codeOf(options, comparison);
  const excuse = code === 0 && options.failOn === "new-failure" ? NO_NEW_FAILURE : undefined;
  await close(options, comparison, excuse);
  return (await report(options, excuse)) || code > 1 ? code : INFRASTRUCTURE;
}

/** Undefined if the server cannot tell, which it says. */
async function compared({ connection, record }: Conduct): Promise<Comparison | undefined> {
  const { client, patience } = connection;
  try {
    return await patience.until(() => client.comparison(record.runId));
  } catch (error) {
    for (const sentence of explained(error, connection).sentences) complain(sentence);
    return undefined;
  }
}

function codeOf(
  { failOn, interruption, record }: Conduct,
  comparison: Comparison | undefined,
): number {
  const ended = {
    state: record.state,
    interrupted: interruption.happened,
    ...present({ verdict: record.head?.summary.verdict }),
  };
  if (failOn === "new-failure") {
    return comparison ? newFailureCode(ended, comparison.rows) : INFRASTRUCTURE;
  }
  const results = record.jobs.flatMap((job) => job.results);
  return exitCode({ ...ended, results });
}

async function followToEnd(options: Conduct, signal: AbortSignal): Promise<void> {
  const { connection, record, screen } = options;
  const { client, patience } = connection;
  const { view } = screen;
  const read = () =>
    patience.until(async () => record.load(await client.read(record.runId)), signal);
  const known = await read();
  view.begin(record);
  for (const { message } of record.head?.warnings ?? []) view.say(`Warning: ${logLine(message)}`);
  view.changed(known);
  for await (const event of follow(client, record.runId, { patience, signal })) {
    const ended = event.type === "stale" ? await read() : [record.apply(event) ?? []].flat();
    view.changed(ended);
  }
  if (!record.complete) view.changed(await read());
  record.head = await patience.until(() => client.head(record.runId), signal);
}

/** Cancels the run when the command is interrupted, until it is disposed. */
function cancelling({ connection, interruption, record, screen }: Conduct): Disposable {
  const { client, patience } = connection;
  const cancel = async (): Promise<void> => {
    screen.view.say(`Cancelling ${record.runId}; Ctrl-C again leaves at once.`);
    try {
      await patience.until(() => client.cancel(record.runId));
    } catch (error) {
      if (error instanceof Refusal && error.code === "run_ended") return;
      for (const sentence of explained(error, connection).sentences) screen.view.say(sentence);
    }
  };
  const listener = (): void => void cancel();
  if (interruption.happened) listener();
  interruption.signal.addEventListener("abort", listener, { once: true });
  return {
    [Symbol.dispose]: () => interruption.signal.removeEventListener("abort", listener),
  };
}

async function close(
  { connection, isKept, record, screen }: Conduct,
  comparison: Comparison | undefined,
  excuse: string | undefined,
): Promise<void> {
  const { color, main, width } = screen;
  const closer = isKept
    ? `volley report ${logLine(record.runId)}${connection.flags} -f html -o report.html`
    : "the same command with -r html -o report.html";
  const where = { flags: connection.flags, isKept };
  const view =
    comparison &&
    (await viewOfComparison(comparedHere(comparisonSource(comparison), where), SHOWN));
  const lines = view ? comparisonLines(view, MOST_COMMANDS) : [];
  const text = closingText(record, {
    color,
    closer,
    comparison: lines,
    isListed: screen.view.listsResults,
    isExcused: excuse !== undefined,
    ...present({ width }),
  });
  await main.finish(text);
}

/** Resolves with whether every report was written. */
async function report(
  { connection, isKept, record, reports, screen }: Conduct,
  excuse: string | undefined,
): Promise<boolean> {
  if (!reports.wanted) return true;
  const { client, patience } = connection;
  try {
    const run = await patience.until(() => client.read(record.runId));
    const here = repeatedHere(run, { flags: connection.flags, isKept });
    const faults = await reports.write(
      { ...here, ...present({ excuse }) },
      {
        stdout: screen.stdout,
        aside: screen.main,
        color: screen.color,
      },
    );
    for (const fault of faults) complain(fault);
    return faults.length === 0;
  } catch (error) {
    for (const sentence of explained(error, connection).sentences) complain(sentence);
    return false;
  }
}

/** Says on stderr what is wrong. */
export function complain(sentence: string): void {
  process.stderr.write(`volley: ${sentence}\n`);
}
