import type { ComponentChildren } from "preact";
/** Small things that every page shows: signs, times, texts of strangers, and states of a page. */
import { useEffect, useState } from "preact/hooks";

import type { State } from "../../domain/job.ts";
import type { SummaryCounts } from "../../domain/run.ts";
import { type Mark, shadeOf, SIGNS, WORDS } from "../../report/cells.ts";
import { duration, moment } from "../../report/words.ts";
import { sentence } from "../server.ts";

const STATES: Readonly<Record<State, { sign: string; shade: string; word: string }>> = {
  queued: { sign: SIGNS.queued, shade: "queued", word: "queued" },
  running: { sign: SIGNS.running, shade: "running", word: "running" },
  completed: { sign: "✓", shade: "plain", word: "completed" },
  failed: { sign: "!", shade: "error", word: "failed" },
  timed_out: { sign: "!", shade: "error", word: "timed out" },
  cancelled: { sign: "–", shade: "plain", word: "cancelled" },
};

/** The state of a run or a job. */
export function StateMark({ state }: { readonly state: State }) {
  const { shade, sign, word } = STATES[state];
  return (
    <span class={`mark ${shade}`}>
      <span aria-hidden="true">{sign}</span> {word}
    </span>
  );
}

/** What became of a result. */
export function ResultMark({ mark }: { readonly mark: Mark }) {
  return (
    <span class={`mark ${shadeOf(mark)}`}>
      <span aria-hidden="true">{SIGNS[mark]}</span> {WORDS[mark]}
    </span>
  );
}

/** The results of a run as a bar and in numbers. */
export function Counts({ summary }: { readonly summary: SummaryCounts }) {
  const { errored, failed, passed, total, unexpected, verdict } = summary;
  const open = Math.max(0, total - passed - failed - errored);
  const parts = [
    { count: passed, shade: "pass", word: "passed" },
    { count: failed, shade: "fail", word: "failed" },
    { count: errored, shade: "error", word: "errored" },
    { count: open, shade: "rest", word: "open" },
  ].filter(({ count }) => count > 0);
  return (
    <span class="tally">
      <span class="bar" aria-hidden="true">
        {parts.map(({ count, shade }) => (
          <i key={shade} class={`fill-${shade}`} style={{ flexGrow: count }} />
        ))}
      </span>
      <span class="numbers">
        {parts.map(({ count, shade, word }) => (
          <span key={shade} class={`count ink-${shade}`}>
            {count} {word}
          </span>
        ))}
        {verdict === undefined ? undefined : (
          <span class={`count ${verdict === "expected" ? "ink-pass" : "ink-fail"}`}>
            {verdict === "expected" ? "✓ as expected" : `✗ ${unexpected ?? 0} unexpected`}
          </span>
        )}
      </span>
    </span>
  );
}

/** A moment, as how long ago it was; exactly when somebody points at it. */
export function Ago({ at }: { readonly at: string }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <time dateTime={at} title={moment(at)}>
      {ago(Math.max(now, Date.now()) - Date.parse(at))}
    </time>
  );
}

/** How long something has been going on. */
export function Elapsed({ since }: { readonly since: string }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.floor((now - Date.parse(since)) / 1_000));
  return (
    <span class="number">for {seconds < 60 ? `${seconds} s` : duration(seconds * 1_000)}</span>
  );
}

function ago(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ago`;
  return `${Math.floor(hours / 24)} days ago`;
}

export function Duration({ ms }: { readonly ms: number | undefined }) {
  return ms === undefined ? <></> : <span class="number">{duration(ms)}</span>;
}

/** A url of a stranger: a link if it leads to a page, else text. */
export function Outside({ url }: { readonly url: string }) {
  if (!isWebPage(url)) return <bdi class="url">{url}</bdi>;
  return (
    <a class="url" href={url} target="_blank" rel="noopener noreferrer">
      <bdi>{url}</bdi>
    </a>
  );
}

function isWebPage(url: string): boolean {
  const { protocol } = URL.parse(url) ?? {};
  return protocol === "http:" || protocol === "https:";
}

export function CopyButton({ label, text }: { readonly label: string; readonly text: string }) {
  const [told, setTold] = useState<string>();
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setTold("Copied");
    } catch {
      // Browsers keep the clipboard from pages that came without TLS.
      setTold("Not allowed here");
    }
    setTimeout(() => setTold(undefined), 2_000);
  };
  return (
    <button type="button" class="quiet" onClick={() => void copy()}>
      <span aria-live="polite">{told ?? label}</span>
    </button>
  );
}

export function Loading({ what }: { readonly what: string }) {
  return (
    <p class="state" role="status">
      <span class="spinner" aria-hidden="true" /> Loading {what} …
    </p>
  );
}

interface EmptyProps {
  readonly title: string;
  readonly children?: ComponentChildren;
}

export function Empty({ children, title }: EmptyProps) {
  return (
    <div class="state">
      <p class="title">{title}</p>
      {children}
    </div>
  );
}

export function Failure({ error, title }: { readonly error: unknown; readonly title: string }) {
  return (
    <div class="state failure" role="alert">
      <p class="title">{title}</p>
      <p>{sentence(error)}</p>
    </div>
  );
}
