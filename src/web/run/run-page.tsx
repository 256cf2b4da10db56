/** One run: what it came to, where it is red and since when, live until it ends. */
import { useEffect, useRef, useState } from "preact/hooks";

import { Refusal } from "../../client/errors.ts";
import { oneLine } from "../../report/untrusted-text.ts";
import { counted, fate, moment } from "../../report/words.ts";
import { address, ask, asked, Link, runPath } from "../parts/router.tsx";
import { Ago, Counts, Elapsed, Empty, Failure, Loading, StateMark } from "../parts/shown.tsx";
import { useVisible } from "../parts/visible.ts";
import { Actions } from "./actions.tsx";
import { Causes } from "./causes.tsx";
import { CellDialog } from "./cell-dialog.tsx";
import { Differences } from "./differences.tsx";
import { Exports } from "./exports.tsx";
import { LiveRun } from "./live-run.ts";
import { MatrixPart } from "./matrix-part.tsx";
import { NO_REGION } from "./matrix.ts";
import { RequestPart } from "./request-part.tsx";
import { Screenshots, shots } from "./screenshots.tsx";
import { Timeline } from "./timeline.tsx";

export function RunPage({ runId }: { readonly runId: string }) {
  const live = useLiveRun(runId);
  const { head, status } = live;
  const error = live.failure.value;
  if (!head || !status) {
    return (
      <>
        <h1>
          Run <bdi class="run-id">{runId}</bdi>
        </h1>
        {error === undefined ? <Loading what="the run" /> : <Missing error={error} />}
      </>
    );
  }
  return (
    <>
      <Head live={live} />
      {error === undefined ? undefined : (
        <Failure title="The run cannot be followed" error={error} />
      )}
      {live.warnings().map((warning) => (
        <p key={warning} class="note">
          {oneLine(warning)}
        </p>
      ))}
      {live.tooLarge ? <TooLarge live={live} /> : <Views live={live} />}
    </>
  );
}

function Missing({ error }: { readonly error: unknown }) {
  const isUnknown = error instanceof Refusal && error.code === "run_not_found";
  if (!isUnknown) return <Failure title="The run cannot be shown" error={error} />;
  return (
    <Empty title="There is no such run">
      <p>
        It may have been deleted, as old runs are. <Link to="/">Show all runs</Link>
      </p>
    </Empty>
  );
}

/** Follows the run while the page is in sight. */
function useLiveRun(runId: string): LiveRun {
  const visible = useVisible();
  const [live, setLive] = useState(() => new LiveRun(runId));
  useEffect(() => {
    if (!visible) return;
    const followed = live.isFresh ? live : live.anew();
    setLive(followed);
    void followed.open();
    return () => followed.close();
  }, [visible]);
  return live;
}

function Head({ live }: { readonly live: LiveRun }) {
  const { head, status } = live;
  if (!head || !status) return <></>;
  const { createdAt, mode, parentRunId, runId, tags } = head;
  const { completedJobs, failedJobs, queuedJobs, runningJobs, totalJobs } = live.counts();
  const open = queuedJobs + runningJobs > 0;
  const ended = { ...head, state: status.state };
  return (
    <div class="run-head">
      <div class="title-row">
        <h1>
          <StateMark state={status.state} /> <bdi class="run-id">{runId}</bdi>
        </h1>
        <Actions live={live} />
      </div>
      <Counts summary={live.summary()} />
      <p class="soft facts">
        <span>
          {counted(totalJobs, "job")}
          {open
            ? `: ${completedJobs + failedJobs} ended, ${runningJobs} running, ${queuedJobs} queued`
            : ""}
          {failedJobs > 0 && !open ? `, ${failedJobs} failed` : ""}
        </span>
        {live.ended ? <span>{fate(ended)}</span> : <Elapsed since={createdAt} />}
        <span title={moment(createdAt)}>
          submitted <Ago at={createdAt} />
        </span>
        {mode === "local" ? <span>local mode</span> : undefined}
        {parentRunId === undefined ? undefined : (
          <span>
            run again from <Link to={runPath(parentRunId)}>{parentRunId}</Link>
          </span>
        )}
        {tags.map((tag) => (
          <Link key={tag} to={`/?${new URLSearchParams({ tag })}`} class="tag">
            <bdi>{tag}</bdi>
          </Link>
        ))}
      </p>
    </div>
  );
}

function TooLarge({ live }: { readonly live: LiveRun }) {
  return (
    <Empty title="This run is too large to be drawn here">
      <p>Its counts above are live; its results are in the reports.</p>
      <Exports runId={live.runId} />
    </Empty>
  );
}

function Views({ live }: { readonly live: LiveRun }) {
  const { matrix, told } = live;
  if (!matrix || !told) return <></>;
  const differing = matrix.rows.filter(({ differences }) => differences.length > 0);
  const views = [
    { id: "", name: "Matrix" },
    { id: "differences", name: "Comparison", count: differing.length },
    { id: "errors", name: "Causes", count: told.causes.length },
    { id: "timeline", name: "Timeline" },
    { id: "screenshots", name: "Screenshots", count: live.pictures },
    { id: "request", name: "Request" },
    { id: "reports", name: "Reports" },
  ];
  const query = address.value.searchParams;
  const view = views.find(({ id }) => id === query.get("view"))?.id ?? "";
  const cell = { runner: query.get("runner"), url: query.get("cell"), region: query.get("region") };
  const tabs = useRef<HTMLElement>(null);
  // On a narrow screen not all of them are in sight.
  useEffect(() => {
    const here = tabs.current?.querySelector("[aria-current]");
    here?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [view]);
  return (
    <>
      <nav class="views" aria-label="Views of the run" ref={tabs}>
        {views.map(({ count, id, name }) => (
          <Link
            key={id}
            to={asked({ view: id, runner: undefined, cell: undefined, region: undefined })}
            aria-current={view === id ? "page" : undefined}
          >
            {name}
            {count ? <span class="badge">{count}</span> : undefined}
          </Link>
        ))}
      </nav>
      {view === "" ? <MatrixPart live={live} /> : undefined}
      {view === "differences" ? <Differences live={live} rows={differing} /> : undefined}
      {view === "errors" ? <Causes live={live} /> : undefined}
      {view === "timeline" ? <Timeline live={live} /> : undefined}
      {view === "screenshots" ? <Screenshots shots={shots(live)} /> : undefined}
      {view === "request" ? <RequestPart runId={live.runId} /> : undefined}
      {view === "reports" ? <Exports runId={live.runId} /> : undefined}
      {cell.runner !== null && cell.url !== null ? (
        <CellDialog
          live={live}
          runner={cell.runner}
          url={cell.url}
          region={cell.region ?? NO_REGION}
          close={() => ask({ runner: undefined, cell: undefined, region: undefined })}
        />
      ) : undefined}
    </>
  );
}
