/** The comparison: what is not the same in all regions, answers that agree side by side. */
import type { Answer, ChangeCounts } from "../../domain/comparison.ts";
import { changesText } from "../../report/changes.ts";
import { counted, outcome } from "../../report/words.ts";
import { Empty, Outside } from "../parts/shown.tsx";
import type { LiveRun } from "./live-run.ts";
import type { MatrixRow } from "./matrix.ts";

interface DifferencesProps {
  readonly live: LiveRun;
  readonly rows: readonly MatrixRow[];
}

/** More would be no overview; the reports have them all. */
const MOST_GROUPS = 100;
const MOST_URLS = 5;

export function Differences({ live, rows }: DifferencesProps) {
  const changes = live.told?.changes;
  const came = live.told && outcome(live.told);
  const groups = [...Map.groupBy(rows, asksAlike).values()];
  return (
    <section aria-label="Comparison">
      {changes && live.ended ? <p class="soft">{against(changes)}</p> : undefined}
      {came === undefined ? undefined : <p class="note">{came}</p>}
      {rows.length === 0 ? (
        <Empty title={live.ended ? "All regions agree" : "All regions agree so far"} />
      ) : undefined}
      {groups.slice(0, MOST_GROUPS).map((group) => (
        <DifferingRows key={group[0]?.index} rows={group} />
      ))}
      {groups.length > MOST_GROUPS ? (
        <p class="soft">
          More differ, {groups.length - MOST_GROUPS} times in other ways; the reports have them all.
        </p>
      ) : undefined}
    </section>
  );
}

/** The same for rows of one runner and input that differ in the same way, whatever their urls. */
function asksAlike({ differences, input, moreDifferences, runner }: MatrixRow): string {
  return JSON.stringify([runner, input, differences, moreDifferences]);
}

function against(changes: ChangeCounts): string {
  const isCompared = Object.entries(changes).some(([change, n]) => change !== "unknown" && n > 0);
  if (!isCompared) return "Nothing to compare with: no earlier run asked the same.";
  return `Against the run before: ${changesText(changes)}.`;
}

function DifferingRows({ rows }: { readonly rows: readonly MatrixRow[] }) {
  const [first] = rows;
  if (!first) return <></>;
  const { differences, input, moreDifferences, runner } = first;
  return (
    <article class="differing">
      <h2>
        <bdi>{runner}</bdi> {input ? <code>{JSON.stringify(input)}</code> : undefined}
        {rows.slice(0, MOST_URLS).map(({ index, url }) => (
          <Outside key={index} url={url} />
        ))}
        {rows.length > MOST_URLS ? (
          <small>and {counted(rows.length - MOST_URLS, "more url")}</small>
        ) : undefined}
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
