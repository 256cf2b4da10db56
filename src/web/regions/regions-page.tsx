/** The regions: whether their endpoints answer and how fast, what they offer, where they differ. */
import { useEffect } from "preact/hooks";

import type { RegionReport } from "../../domain/fleet.ts";
import { duration } from "../../report/words.ts";
import { useLoaded } from "../parts/loaded.ts";
import { Link } from "../parts/router.tsx";
import { Ago, Empty, Failure, Loading } from "../parts/shown.tsx";
import { useVisible } from "../parts/visible.ts";
import { client } from "../server.ts";
import { Sparkline } from "./sparkline.tsx";

/** The server asks an endpoint at most every 30 s. */
const REFRESH_MS = 10_000;

export function RegionsPage() {
  const { again, error, value } = useLoaded("regions", () => client.regions());
  const visible = useVisible();
  useEffect(() => {
    if (!visible) return;
    const timer = setInterval(again, REFRESH_MS);
    return () => clearInterval(timer);
  }, [visible]);
  const regions = value?.regions;
  return (
    <>
      <h1>Regions</h1>
      {error === undefined ? undefined : (
        <Failure title="The regions cannot be read" error={error} />
      )}
      {!regions && error === undefined ? <Loading what="regions" /> : undefined}
      {regions?.length === 0 ? (
        <Empty title="No regions are configured">
          <p>
            Start the server with <code>PLAYWRIGHT_RUNNERS</code> or <code>--regions-file</code>: a
            JSON object from region name to runner endpoint.
          </p>
        </Empty>
      ) : undefined}
      <div class="regions">
        {regions?.map((region) => (
          <Region key={region.name} region={region} />
        ))}
      </div>
    </>
  );
}

const HEALTH = {
  healthy: { shade: "pass", sign: "✓" },
  unhealthy: { shade: "error", sign: "!" },
  unknown: { shade: "queued", sign: "·" },
} as const;

function Region({ region }: { readonly region: RegionReport }) {
  const { checkedAt, drift, error, health, history, latencyMs, name, runners, version } = region;
  const { shade, sign } = HEALTH[health];
  return (
    <article class="region">
      <div class="title-row">
        <h2>
          <Link to={`/?${new URLSearchParams({ region: name })}`}>{name}</Link>
        </h2>
        <span class={`mark ${shade}`}>
          <span aria-hidden="true">{sign}</span> {health}
        </span>
      </div>
      <div class="latency">
        <Sparkline points={history.map(({ latencyMs }) => latencyMs)} />
        <span class="number">{latencyMs === undefined ? "–" : duration(latencyMs)}</span>
      </div>
      {error === undefined ? undefined : <p class="wrong">{error}</p>}
      {drift.map(({ code, message }) => (
        <p key={code + message} class="note">
          {message}
        </p>
      ))}
      <p class="facts soft">
        {checkedAt === undefined ? undefined : (
          <span>
            asked <Ago at={checkedAt} />
          </span>
        )}
        {version === undefined ? undefined : <span>version {version}</span>}
      </p>
      {health === "healthy" ? <Runners runners={runners} /> : undefined}
    </article>
  );
}

function Runners({ runners }: { readonly runners: readonly string[] | undefined }) {
  if (!runners) return <p class="soft">Does not tell which runners it offers.</p>;
  return (
    <details>
      <summary>
        {runners.length} {runners.length === 1 ? "runner" : "runners"}
      </summary>
      <ul class="names">
        {runners.map((name) => (
          <li key={name}>
            <bdi>{name}</bdi>
          </li>
        ))}
      </ul>
    </details>
  );
}
