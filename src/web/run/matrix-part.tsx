/** The matrix of a run, and what narrows it. */
import type { Cause } from "../../domain/comparison.ts";
import { oneLine } from "../../report/untrusted-text.ts";
import { counted } from "../../report/words.ts";
import { address, ask, asked, Link } from "../parts/router.tsx";
import { Empty } from "../parts/shown.tsx";
import { causeKey } from "./causes.tsx";
import type { LiveRun } from "./live-run.ts";
import { MatrixView } from "./matrix-view.tsx";
import { isRedCell, type MatrixRow } from "./matrix.ts";

export function MatrixPart({ live }: { readonly live: LiveRun }) {
  const { matrix, told } = live;
  if (!matrix || !told) return <></>;
  const query = address.value.searchParams;
  const text = (query.get("text") ?? "").toLowerCase();
  const redOnly = query.get("red") === "1";
  const rows = matrix.rows.filter((row) => fits(row, text) && (!redOnly || hasRed(row)));
  return (
    <section aria-label="Region matrix">
      <TopCauses causes={told.causes} />
      <search class="filters slim">
        <label>
          <span class="hidden">Runner or url</span>
          <input
            type="search"
            value={query.get("text") ?? ""}
            placeholder="runner or url"
            onInput={({ currentTarget }) => ask({ text: currentTarget.value })}
          />
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={redOnly}
            onChange={({ currentTarget }) => ask({ red: currentTarget.checked ? "1" : undefined })}
          />
          only rows with something red
        </label>
        <span class="soft">
          {rows.length} of {counted(matrix.rows.length, "row")},{" "}
          {counted(matrix.regions.length, "region")}
        </span>
      </search>
      {rows.length === 0 ? (
        <Empty title="No row fits" />
      ) : (
        <MatrixView
          rows={rows}
          regions={matrix.regions}
          open={(row, region) => ask({ runner: row.runner, cell: row.url, region }, false)}
        />
      )}
    </section>
  );
}

/** Why most of what is red is red, before anybody has to look at cells. */
function TopCauses({ causes }: { readonly causes: readonly Cause[] }) {
  if (causes.length === 0) return <></>;
  const most = causes.slice(0, 3);
  return (
    <ul class="top-causes">
      {most.map((one) => (
        <li key={causeKey(one)}>
          <b>{one.cells}×</b> <bdi>{oneLine(one.cause)}</bdi> <span class="soft">{one.where}</span>
        </li>
      ))}
      {causes.length > most.length ? (
        <li>
          <Link to={asked({ view: "errors" })}>{causes.length - most.length} more</Link>
        </li>
      ) : undefined}
    </ul>
  );
}

function fits({ runner, url }: MatrixRow, text: string): boolean {
  return runner.toLowerCase().includes(text) || url.toLowerCase().includes(text);
}

function hasRed({ cells }: MatrixRow): boolean {
  return [...cells.values()].some((here) => here.some(isRedCell));
}
