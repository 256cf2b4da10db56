/** All runs, newest first, as they are now; what is looked for stands in the address. */
import { useEffect, useState } from "preact/hooks";

import type { ListedRun, RunList } from "../../domain/run.ts";
import { address, ask, Link, runPath } from "../parts/router.tsx";
import { SearchField } from "../parts/search-field.tsx";
import { Ago, Counts, Duration, Empty, Failure, Loading, StateMark } from "../parts/shown.tsx";
import { client, patiently } from "../server.ts";
import { useRunChanges } from "./run-changes.ts";

const STATES = ["queued", "running", "completed", "failed", "timed_out", "cancelled"];
const PAGE_SIZE = 50;
/** What the server narrows the list by; the text is looked for in the runs that were read. */
const SERVER_FILTERS = ["state", "tag", "url", "region"] as const;

interface Listed {
  readonly runs: readonly ListedRun[];
  readonly next?: string | undefined;
}

export function RunsPage() {
  const query = address.value.searchParams;
  const filter = Object.fromEntries(
    SERVER_FILTERS.flatMap((name) => {
      const value = query.get(name);
      return value ? [[name, value]] : [];
    }),
  );
  const { error, list, more } = useRuns(filter);
  const text = (query.get("text") ?? "").toLowerCase();
  const runs = list?.runs.filter((run) => matches(run, text));
  const narrowed = text !== "" || Object.keys(filter).length > 0;
  return (
    <>
      <div class="title-row">
        <h1>Runs</h1>
        <Link to="/submit" class="button">
          Submit a run
        </Link>
      </div>
      <Filters />
      {error === undefined ? undefined : (
        <Failure title="The runs cannot be listed" error={error} />
      )}
      {!runs && error === undefined ? <Loading what="runs" /> : undefined}
      {runs?.length === 0 ? <Nothing narrowed={narrowed} /> : undefined}
      {runs && runs.length > 0 ? <Table runs={runs} /> : undefined}
      {list?.next === undefined ? undefined : (
        <>
          {text === "" ? undefined : (
            <p class="soft more-runs">
              “{text}” is looked for in the newest {list.runs.length} runs.
            </p>
          )}
          <button type="button" class="quiet more-runs" onClick={more}>
            Older runs
          </button>
        </>
      )}
    </>
  );
}

/** The runs that fit, read anew whenever some run changes. */
function useRuns(filter: Readonly<Record<string, string>>) {
  const key = JSON.stringify(filter);
  const [pages, setPages] = useState(1);
  const [list, setList] = useState<Listed>();
  const [error, setError] = useState<unknown>();
  const changes = useRunChanges();
  useEffect(() => {
    setPages(1);
    setList(undefined);
  }, [key]);
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    patiently(() => readPages(filter, pages), signal).then(
      (list) => {
        if (signal.aborted) return;
        setList(list);
        setError(undefined);
      },
      (error: unknown) => {
        if (!signal.aborted) setError(error);
      },
    );
    return () => controller.abort();
  }, [key, pages, changes]);
  return { list, error, more: () => setPages(pages + 1) };
}

async function readPages(filter: Readonly<Record<string, string>>, pages: number): Promise<Listed> {
  const runs: ListedRun[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pages; page++) {
    const more = cursor === undefined ? {} : { cursor };
    const read: RunList = await client.list({ ...filter, ...more, limit: String(PAGE_SIZE) });
    runs.push(...read.runs);
    cursor = read.nextCursor;
    if (cursor === undefined) break;
  }
  return { runs, next: cursor };
}

function matches({ mode, runId, state, tags }: ListedRun, text: string): boolean {
  return [runId, mode, state, ...tags].some((part) => part.toLowerCase().includes(text));
}

function Filters() {
  const query = address.value.searchParams;
  const value = (name: string): string => query.get(name) ?? "";
  const field = (name: string, label: string, hint: string) => (
    <SearchField
      label={label}
      hint={hint}
      value={value(name)}
      commit={(value) => ask({ [name]: value })}
    />
  );
  return (
    <search class="filters">
      <label>
        State
        <select
          value={value("state")}
          onChange={({ currentTarget }) => ask({ state: currentTarget.value })}
        >
          <option value="">any</option>
          {STATES.map((state) => (
            <option key={state} value={state}>
              {state.replace("_", " ")}
            </option>
          ))}
        </select>
      </label>
      {field("tag", "Tag", "nightly")}
      {field("url", "URL", "https://example.com")}
      {field("region", "Region", "eu-west-1")}
      <label>
        Text
        <input
          type="search"
          value={value("text")}
          placeholder="part of an id or a tag"
          onInput={({ currentTarget }) => ask({ text: currentTarget.value })}
        />
      </label>
    </search>
  );
}

function Nothing({ narrowed }: { readonly narrowed: boolean }) {
  if (narrowed) {
    return (
      <Empty title="No run fits">
        <p>
          <Link to="/">Show all runs</Link>
        </p>
      </Empty>
    );
  }
  return (
    <Empty title="No runs yet">
      <p>
        <Link to="/submit">Submit the first one</Link>, or send it to the API; it appears here at
        once.
      </p>
    </Empty>
  );
}

function Table({ runs }: { readonly runs: readonly ListedRun[] }) {
  return (
    <table class="runs">
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">Run</th>
          <th scope="col">Results</th>
          <th scope="col">Jobs</th>
          <th scope="col">Took</th>
          <th scope="col">Submitted</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <Run key={run.runId} run={run} />
        ))}
      </tbody>
    </table>
  );
}

function Run({ run }: { readonly run: ListedRun }) {
  const { completedJobs, createdAt, failedJobs, mode, runId, state, summary, tags, totalJobs } =
    run;
  const done = completedJobs + failedJobs;
  const isOpen = state === "queued" || state === "running";
  const took = isOpen ? undefined : Date.parse(run.updatedAt) - Date.parse(createdAt);
  return (
    <tr>
      <td>
        <StateMark state={state} />
      </td>
      <td class="wide">
        <Link to={runPath(runId)} class="run-id">
          {runId}
        </Link>
        <span class="tags">
          {mode === "local" ? <span class="tag">local</span> : undefined}
          {tags.map((tag) => (
            <Link key={tag} to={`/?${new URLSearchParams({ tag })}`} class="tag">
              <bdi>{tag}</bdi>
            </Link>
          ))}
        </span>
      </td>
      <td>
        <Counts summary={summary} />
      </td>
      <td class="number">
        {isOpen ? `${done} of ${totalJobs}` : totalJobs}
        <span class="narrow"> {totalJobs === 1 ? "job" : "jobs"}</span>
      </td>
      <td>
        <Duration ms={took} />
      </td>
      <td>
        <Ago at={createdAt} />
      </td>
    </tr>
  );
}
