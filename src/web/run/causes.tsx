/** Why cells are red, those of one cause together, the most frequent first. */
import { Empty } from "../parts/shown.tsx";
import type { LiveRun } from "./live-run.ts";

export function Causes({ live }: { readonly live: LiveRun }) {
  const { causes = [], red = 0 } = live.told ?? {};
  if (causes.length === 0) {
    return <Empty title={live.ended ? "Nothing is red" : "Nothing is red so far"} />;
  }
  return (
    <section aria-label="Causes">
      <p class="soft">
        {red} red {red === 1 ? "cell" : "cells"}, {causes.length}{" "}
        {causes.length === 1 ? "cause" : "causes"}
      </p>
      <ul class="causes">
        {causes.map(({ cause, cells, errorSource, example, where }) => (
          <li key={`${errorSource} ${cause}`}>
            <p>
              <b>{cells}×</b> <bdi>{cause}</bdi>
            </p>
            <p class="soft facts">
              <span>{where}</span>
              {errorSource === undefined ? undefined : <span>who failed: {errorSource}</span>}
            </p>
            {example === undefined || example === cause ? undefined : (
              <pre>
                <bdi>{example}</bdi>
              </pre>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
