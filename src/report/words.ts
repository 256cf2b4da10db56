/** The words that all formats for people share: what became of a run, in one sentence; times. */
import type { Timing } from "../domain/job.ts";
import type { RunHead } from "../domain/run.ts";
import { isOpen } from "./source.ts";
import type { Tally } from "./tally.ts";
import { logLine } from "./untrusted-text.ts";

/** "1 job", "2 jobs". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** "completed after 9.7 s", "is running". */
export function fate(head: RunHead): string {
  const { durationMs, state } = head;
  if (isOpen(head)) return `is ${state}`;
  const word = state === "cancelled" ? "was cancelled" : state.replace("_", " ");
  return durationMs === undefined ? word : `${word} after ${duration(durationMs)}`;
}

/** "8 passed, 4 failed, 0 errored", and while a run is in progress, how much of it is known. */
export function verdicts({ summary }: RunHead, tally: Tally): string {
  const { total } = summary;
  const counts = `${tally.passed} passed, ${tally.failed} failed, ${tally.errored} errored${judgement(summary)}`;
  if (tally.known === total) return `${counted(total, "result")}: ${counts}`;
  return `${tally.known} of ${counted(total, "result")} known: ${counts}`;
}

/** What of a judged run's results was not expected: ", all as expected"; else nothing. */
export function judgement({ unexpected }: RunHead["summary"]): string {
  if (unexpected === undefined) return "";
  return unexpected === 0 ? ", all as expected" : `, ${unexpected} not as expected`;
}

/** What a run came to by its policy, where the counts do not say it: some regions are below it. */
export function outcome({ summary }: Pick<RunHead, "summary">): string | undefined {
  const { localized = [], verdict } = summary;
  if (verdict === undefined || localized.length === 0) return undefined;
  const where = `but not in ${localized.map(logLine).join(", ")}.`;
  return verdict === "expected"
    ? `As expected in enough regions, ${where}`
    : `Some runners were not as expected in enough regions; others were, ${where}`;
}

/** Of a run in progress: what is still to come. Undefined once it has ended. */
export function stillToCome(head: RunHead, { states }: Tally): string | undefined {
  if (!isOpen(head)) return undefined;
  return `The run is in progress: ${counted(states.running, "job")} running, ${states.queued} queued. This report says what is known so far.`;
}

/** The last lines of a text: the sentence that must not be missed, where a terminal shows it. */
export function closing(head: RunHead, tally: Tally): string {
  const jobs = counted(tally.jobs, "job");
  const line = `Run ${logLine(head.runId)} ${fate(head)}. ${verdicts(head, tally)}; ${jobs}.\n`;
  const more = stillToCome(head, tally) ?? outcome(head);
  return more === undefined ? line : `${line}${more}\n`;
}

/** Milliseconds for people: "812 ms", "9.7 s", "2 min 3 s". */
export function duration(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "3 ms in the queue, 1.2 s at the endpoint, 40 ms on the network or waiting", as far as it is known. */
export function timingText({ endpointMs, networkMs, queueMs }: Timing): string {
  return [
    `${duration(queueMs)} in the queue`,
    ...(endpointMs === undefined ? [] : [`${duration(endpointMs)} at the endpoint`]),
    ...(networkMs === undefined ? [] : [`${duration(networkMs)} on the network or waiting`]),
  ].join(", ");
}

/** ISO 8601 for people: "2024-01-01 00:00:00 UTC". */
export function moment(at: string): string {
  return at.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC");
}
