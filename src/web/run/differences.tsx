/** The comparison: what is not the same in all regions, answers that agree side by side. */
import type { Answer } from "../../domain/comparison.ts";
import { outcome } from "../../report/words.ts";
import { Empty, Outside } from "../parts/shown.tsx";
import type { LiveRun } from "./live-run.ts";
import type { MatrixRow } from "./matrix.ts";

interface DifferencesProps {
  readonly live: LiveRun;
  readonly rows: readonly MatrixRow[];
}

/** More would be no overview; the reports have them all. */
const MOST_ROWS = 100;

export function Differences({ live, rows }: DifferencesProps) {
  const changes = live.told?.changes;
  const came = live.told && outcome(live.told);
  return (
    <section aria-label="Comparison">
      {changes ? (
        <p class="facts soft">
          <span class={changes["new-failure"] > 0 ? "ink-fail" : ""}>
            {changes["new-failure"]} new failures
          </span>
          <span>{changes["still-failing"]} still failing</span>
          <span>{changes.fixed} fixed</span>
          <span>{changes.flaky} flaky</span>
          <span>against the run before</span>
        </p>
      ) : undefined}
      {came === undefined ? undefined : <p class="note">{came}</p>}
      {rows.length === 0 ? (
        <Empty title={live.ended ? "All regions agree" : "All regions agree so far"} />
      ) : undefined}
      {rows.slice(0, MOST_ROWS).map((row) => (
        <DifferingRow key={row.index} row={row} />
      ))}
      {rows.length > MOST_ROWS ? (
        <p class="soft">{rows.length - MOST_ROWS} more rows differ; the reports have them all.</p>
      ) : undefined}
    </section>
  );
}

function DifferingRow({ row }: { readonly row: MatrixRow }) {
  const { differences, input, moreDifferences, runner, url } = row;
  return (
    <article class="differing">
      <h2>
        <bdi>{runner}</bdi> {input ? <code>{JSON.stringify(input)}</code> : undefined}
        <Outside url={url} />
      </h2>
      <div class="wide-table" tabIndex={0} role="group" aria-label={`Differences of ${runner}`}>
        <table>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Answer</th>
              <th scope="col">Regions</th>
            </tr>
          </thead>
          <tbody>
            {differences.flatMap(({ answers, path }) =>
              answers.map((answer, index) => (
                <tr key={`${path} ${index}`}>
                  {index === 0 ? (
                    <th scope="rowgroup" rowSpan={answers.length}>
                      <code>{path}</code>
                    </th>
                  ) : undefined}
                  <td>
                    <code>{answerText(answer)}</code>
                  </td>
                  <td>{answer.regions.join(", ")}</td>
                </tr>
              )),
            )}
          </tbody>
        </table>
      </div>
      {moreDifferences ? <p class="soft">There are more differences.</p> : undefined}
    </article>
  );
}

function answerText({ missing, shortened, value }: Answer): string {
  if (missing) return "(missing)";
  if (!shortened) return JSON.stringify(value);
  return `${String(value)}… (${shortened.characters} characters, sha256 ${shortened.sha256})`;
}
