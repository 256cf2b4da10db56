import type { ComponentChildren } from "preact";
/** One cell of the matrix in full: what its runner answered, why, and what can be done about it. */
import { useEffect, useRef } from "preact/hooks";

import type { ComparedCell } from "../../domain/comparison.ts";
import type { Job } from "../../domain/job.ts";
import type { Result } from "../../domain/result.ts";
import { detailsText, logText, pictures } from "../../report/details.ts";
import { oneLine } from "../../report/untrusted-text.ts";
import { duration } from "../../report/words.ts";
import { Link, path } from "../parts/router.tsx";
import { CopyButton, Outside, ResultMark, StateMark } from "../parts/shown.tsx";
import { mayWrite, rerun, useAction } from "./actions.tsx";
import type { LiveRun } from "./live-run.ts";
import { markOf, NO_REGION, standing } from "./matrix.ts";

export interface CellDialogProps {
  readonly live: LiveRun;
  readonly runner: string;
  readonly url: string;
  readonly region: string;
  readonly close: () => void;
}

/** A longer text makes the page slow; the reports have all of it. */
const MOST_SHOWN = 100_000;

export function CellDialog({ close, live, region, runner, url }: CellDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const asked = region === NO_REGION ? undefined : region;
  const job = live.jobAt(url, asked) ?? live.jobAt(url, region);
  const cells = (live.matrix?.rows ?? [])
    .filter((row) => row.runner === runner && row.url === url)
    .flatMap((row) => (row.cells.get(region) ?? []).map((cell) => ({ cell, input: row.input })));
  const results = job?.results.filter(({ name }) => name === runner) ?? [];
  return (
    <dialog
      ref={dialog}
      class="cell-dialog"
      aria-labelledby="cell-title"
      onClose={close}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current?.close();
      }}
    >
      <div class="dialog-body">
        <div class="title-row">
          <h2 id="cell-title">
            <bdi>{oneLine(runner)}</bdi> <span class="soft">{region}</span>
          </h2>
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
        <p>
          <Outside url={url} />
        </p>
        {cells.length === 0 ? <p class="soft">This run has no such cell.</p> : undefined}
        {cells.map(({ cell, input }, index) => (
          <CellPart key={index} cell={cell} input={cells.length > 1 ? input : undefined} />
        ))}
        {results.map((result, index) => (
          <ResultPart key={index} result={result} />
        ))}
        {cells.length === 1 ? <Input input={cells[0]?.input} /> : undefined}
        {job ? (
          <JobPart job={job} said={results.map(({ errorMessage }) => errorMessage)} />
        ) : undefined}
        <CellActions live={live} runner={runner} url={url} region={asked} cells={cells} />
      </div>
    </dialog>
  );
}

interface InputProps {
  readonly input: Readonly<Record<string, unknown>> | undefined;
}

interface CellPartProps extends InputProps {
  readonly cell: ComparedCell;
}

function CellPart({ cell, input }: CellPartProps) {
  return (
    <>
      <p class="facts">
        <ResultMark mark={markOf(cell)} />
        {standing(cell).map((words) => (
          <span key={words}>{words}</span>
        ))}
        {cell.durationMs === undefined ? undefined : <span>{duration(cell.durationMs)}</span>}
      </p>
      <Input input={input} />
    </>
  );
}

function Input({ input }: InputProps) {
  return input ? <Text title="Input">{JSON.stringify(input, null, 2)}</Text> : <></>;
}

function ResultPart({ result }: { readonly result: Result }) {
  const { errorCode, errorMessage, errorSource, reportedName } = result;
  const details = detailsText(result, 2);
  const log = logText(result);
  return (
    <>
      {errorMessage === undefined ? undefined : (
        <p class="said">
          <bdi>{errorMessage.slice(0, MOST_SHOWN)}</bdi>
        </p>
      )}
      <p class="facts soft">
        {errorSource === undefined ? undefined : <span>who failed: {errorSource}</span>}
        {errorCode === undefined ? undefined : <span>code: {errorCode}</span>}
        {reportedName === undefined ? undefined : (
          <span>
            reported as <bdi>{reportedName}</bdi>
          </span>
        )}
      </p>
      {pictures(result).map(({ name, url }) => (
        <figure key={name}>
          <img src={url} alt={`${name} of ${result.name}`} />
          <figcaption>{name}</figcaption>
        </figure>
      ))}
      {details === undefined ? undefined : <Text title="Details">{details}</Text>}
      {log === undefined ? undefined : <Text title="Log">{log}</Text>}
    </>
  );
}

function Text({ children, title }: { readonly title: string; readonly children: string }) {
  return (
    <>
      <h3>{title}</h3>
      <pre tabIndex={0}>{children.slice(0, MOST_SHOWN)}</pre>
    </>
  );
}

interface JobPartProps {
  readonly job: Job;
  /** What stands above already. */
  readonly said: readonly (string | undefined)[];
}

function JobPart({ job, said }: JobPartProps) {
  const { attempts, durationMs, error, jobId, regionMismatch, state, timing } = job;
  return (
    <>
      <h3>Job</h3>
      <p class="facts">
        <StateMark state={state} />
        <Fact name="attempts">{attempts}</Fact>
        {durationMs === undefined ? undefined : <Fact name="took">{duration(durationMs)}</Fact>}
        {timing === undefined ? undefined : <Fact name="queue">{duration(timing.queueMs)}</Fact>}
        {timing?.endpointMs === undefined ? undefined : (
          <Fact name="endpoint">{duration(timing.endpointMs)}</Fact>
        )}
        {timing?.networkMs === undefined ? undefined : (
          <Fact name="network or waiting">{duration(timing.networkMs)}</Fact>
        )}
      </p>
      {error === undefined || said.includes(error) ? undefined : <p class="said">{error}</p>}
      {regionMismatch ? <p class="note">{regionMismatch.message}</p> : undefined}
      <p class="soft">
        <code>{jobId}</code>
      </p>
    </>
  );
}

function Fact({ children, name }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <span>
      <span class="soft">{name}</span> {children}
    </span>
  );
}

interface CellActionsProps {
  readonly live: LiveRun;
  readonly runner: string;
  readonly url: string;
  readonly region: string | undefined;
  readonly cells: readonly { readonly cell: ComparedCell }[];
}

function CellActions({ cells, live, region, runner, url }: CellActionsProps) {
  const { act, busy, failure } = useAction();
  const cell = { name: runner, url, ...(region !== undefined && { region }) };
  const curl = cells.find(({ cell }) => cell.curl)?.cell.curl;
  const history = { runner, url, ...(region !== undefined && { region }) };
  return (
    <>
      <p class="wrong" role="alert">
        {failure}
      </p>
      <div class="actions start">
        {live.ended && mayWrite() ? (
          <button
            type="button"
            disabled={busy}
            onClick={() => void act(() => rerun(live.runId, [cell]))}
          >
            Rerun this cell
          </button>
        ) : undefined}
        <Link class="button quiet" to={path("/history", history)}>
          History
        </Link>
        {curl === undefined ? undefined : (
          <CopyButton label="Copy curl of the endpoint" text={curl} />
        )}
      </div>
    </>
  );
}
