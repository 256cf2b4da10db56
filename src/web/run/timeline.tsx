/** Where the time of a run went: one bar per job, of waiting, of its endpoint, and of the way. */
import type { Job } from "../../domain/job.ts";
import { duration } from "../../report/words.ts";
import { Empty, StateMark } from "../parts/shown.tsx";
import { VirtualRows } from "../parts/virtual-rows.tsx";
import type { LiveRun } from "./live-run.ts";
import { NO_REGION } from "./matrix.ts";

const ROW_HEIGHT = 36;

const KEYS = [
  ["queue", "queue"],
  ["network", "network or waiting"],
  ["endpoint", "endpoint"],
  ["whole", "not told apart"],
] as const;

interface Span {
  readonly shade: "queue" | "network" | "endpoint" | "whole";
  readonly ms: number;
}

export function Timeline({ live }: { readonly live: LiveRun }) {
  const begin = Date.parse(live.head?.createdAt ?? "");
  const jobs = [...live.jobs.values()].filter(({ startedAt }) => startedAt !== undefined);
  if (jobs.length === 0) return <Empty title="No job has started yet" />;
  const spans = jobs.map((job) => spansOf(job, begin));
  const whole = Math.max(1, ...spans.map((parts) => parts.reduce((sum, { ms }) => sum + ms, 0)));
  return (
    <section aria-label="Timeline">
      <p class="legend soft">
        {KEYS.map(([shade, word]) => (
          <span key={shade}>
            <span class={`key ${shade}`} /> {word}
          </span>
        ))}
        <span class="scale">0 to {duration(whole)} from acceptance</span>
      </p>
      <VirtualRows
        frame={{ class: "timeline", role: "list", tabIndex: 0, "aria-label": "Jobs by time" }}
        count={jobs.length}
        height={ROW_HEIGHT}
        row={(index) => {
          const job = jobs[index];
          return job ? (
            <Bar key={job.jobId} job={job} spans={spans[index] ?? []} whole={whole} />
          ) : undefined;
        }}
      />
    </section>
  );
}

/** From acceptance on. The way there and back is not told apart, so it stands before the endpoint. */
function spansOf({ durationMs, startedAt, timing }: Job, begin: number): Span[] {
  const queueMs = timing?.queueMs ?? Math.max(0, Date.parse(startedAt ?? "") - begin);
  const queue: Span = { shade: "queue", ms: queueMs };
  if (timing?.endpointMs === undefined) {
    return [queue, { shade: "whole", ms: durationMs ?? Math.max(0, Date.now() - begin - queueMs) }];
  }
  return [
    queue,
    { shade: "network", ms: timing.networkMs ?? 0 },
    { shade: "endpoint", ms: timing.endpointMs },
  ];
}

interface BarProps {
  readonly job: Job;
  readonly spans: readonly Span[];
  readonly whole: number;
}

function Bar({ job, spans, whole }: BarProps) {
  const { attempts, durationMs, region = NO_REGION, state, url } = job;
  const told = spans.map(({ ms, shade }) => `${WORDS[shade]} ${duration(ms)}`).join(", ");
  return (
    <div class="time-row" role="listitem" title={`${region} ${url}\n${told}`}>
      <span class="what">
        <b>{region}</b> <bdi class="url">{url}</bdi>
      </span>
      <span class="track" role="img" aria-label={told}>
        {spans.map(({ ms, shade }) => (
          <i key={shade} class={shade} style={{ width: `${(ms / whole) * 100}%` }} />
        ))}
      </span>
      <span class="time">
        {durationMs === undefined ? <StateMark state={state} /> : duration(durationMs)}
        {attempts > 1 ? ` · ${attempts} attempts` : ""}
      </span>
    </div>
  );
}

const WORDS: Readonly<Record<Span["shade"], string>> = {
  queue: "queue",
  network: "network or waiting",
  endpoint: "endpoint",
  whole: "network and endpoint",
};
