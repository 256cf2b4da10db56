/** What a runner answered on a url, run after run, a strip per region: flaky shows. */
import type { History, PastResult } from "../../domain/history.ts";
import { shadeOf, SIGNS, WORDS } from "../../report/cells.ts";
import { lookOf } from "../../report/verdict.ts";
import { duration, moment } from "../../report/words.ts";
import { useLoaded } from "../parts/loaded.ts";
import { address, ask, Link, path, runPath } from "../parts/router.tsx";
import { SearchField } from "../parts/search-field.tsx";
import { Ago, Empty, Failure, Loading, Outside, ResultMark } from "../parts/shown.tsx";
import { API, json } from "../server.ts";

const NO_REGION = "local";
const STRIP = 50;

export function HistoryPage() {
  const query = address.value.searchParams;
  const runner = query.get("runner") ?? "";
  const url = query.get("url") ?? "";
  const region = query.get("region") ?? "";
  return (
    <>
      <h1>History</h1>
      <Asked runner={runner} url={url} region={region} />
      {runner === "" || url === "" ? (
        <Empty title="Which runner, on which url?">
          <p>Every cell of a run leads to its history, too.</p>
        </Empty>
      ) : (
        <Strips runner={runner} url={url} region={region} />
      )}
    </>
  );
}

interface AskedFor {
  readonly runner: string;
  readonly url: string;
  readonly region: string;
}

function Asked(asked: AskedFor) {
  const field = (name: keyof AskedFor, label: string, hint: string) => (
    <SearchField
      label={label}
      hint={hint}
      value={asked[name]}
      commit={(value) => ask({ [name]: value }, false)}
    />
  );
  return (
    <search class="filters">
      {field("runner", "Runner", "cookieBannerTest")}
      {field("url", "URL", "https://example.com")}
      {field("region", "Region", "all")}
    </search>
  );
}

function Strips({ region, runner, url }: AskedFor) {
  const query = { runner, url, ...(region === "" ? {} : { region }) };
  const { error, value } = useLoaded(JSON.stringify(query), (signal) =>
    json<History>("GET", path(`${API}/history`, query), undefined, signal),
  );
  if (error !== undefined) return <Failure title="The history cannot be read" error={error} />;
  if (!value) return <Loading what="the history" />;
  if (value.results.length === 0) {
    return (
      <Empty title="No ended run has asked this">
        {region ? <p>Not in {region}.</p> : undefined}
      </Empty>
    );
  }
  const byRegion = Map.groupBy(value.results, ({ region }) => region ?? NO_REGION);
  return (
    <>
      <p class="soft">
        {value.results.length === 1 ? "One answer" : `The last ${value.results.length} answers`} of{" "}
        <bdi>{runner}</bdi> on <Outside url={url} />: in the strips the newest is last, in the table
        first.
      </p>
      <div class="strips">
        {[...byRegion].toSorted().map(([name, results]) => (
          <Strip key={name} region={name} results={results} only={region !== ""} />
        ))}
      </div>
      <Answers results={value.results} />
    </>
  );
}

interface StripProps {
  readonly region: string;
  readonly results: readonly PastResult[];
  readonly only: boolean;
}

function Strip({ only, region, results }: StripProps) {
  const passed = results.filter((result) => shadeOf(lookOf(result)) === "pass").length;
  return (
    <section class="strip" aria-label={region}>
      <h2>
        {only || region === NO_REGION ? region : <Link to={withRegion(region)}>{region}</Link>}
      </h2>
      <ol>
        {results
          .slice(0, STRIP)
          .toReversed()
          .map((result, index) => (
            <li key={index}>
              <Dot result={result} />
            </li>
          ))}
      </ol>
      <span class="soft number">
        {passed} of {results.length} green
      </span>
    </section>
  );
}

function withRegion(region: string): string {
  const query = new URLSearchParams(address.value.searchParams);
  query.set("region", region);
  return path("/history", query);
}

function Dot({ result }: { readonly result: PastResult }) {
  const mark = lookOf(result);
  return (
    <Link to={runPath(result.runId)} class={`dot ${shadeOf(mark)}`}>
      <span aria-hidden="true">{SIGNS[mark]}</span>
      <span class="hidden">
        {WORDS[mark]}, {moment(result.at)}
      </span>
    </Link>
  );
}

function Answers({ results }: { readonly results: readonly PastResult[] }) {
  return (
    <div class="wide-table" tabIndex={0} role="group" aria-label="All answers">
      <table>
        <thead>
          <tr>
            <th scope="col">Result</th>
            <th scope="col">Region</th>
            <th scope="col">Took</th>
            <th scope="col">When</th>
            <th scope="col">Run</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {results.map((result, index) => (
            <tr key={index}>
              <td>
                <ResultMark mark={lookOf(result)} />
              </td>
              <td class="where">{result.region ?? NO_REGION}</td>
              <td class="number">
                {result.durationMs === undefined ? "" : duration(result.durationMs)}
              </td>
              <td class="number">
                <Ago at={result.at} />
              </td>
              <td>
                <Link to={runPath(result.runId)} class="run-id">
                  {result.runId}
                </Link>
              </td>
              <td class="why">
                <bdi>{result.errorMessage}</bdi>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
