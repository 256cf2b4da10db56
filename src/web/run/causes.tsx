/** Why cells are red, those of one cause together, the most frequent first. */
import type { Cause } from "../../domain/comparison.ts";
import { exampleOf, redCount, runnersOf } from "../../report/causes.ts";
import { oneLine } from "../../report/untrusted-text.ts";
import { blame } from "../../report/verdict.ts";
import { asked, Link } from "../parts/router.tsx";
import { Empty } from "../parts/shown.tsx";
import type { LiveRun } from "./live-run.ts";

export function Causes({ live }: { readonly live: LiveRun }) {
  const { causes = [], red = 0 } = live.told ?? {};
  if (causes.length === 0) {
    return <Empty title={live.ended ? "Nothing is red" : "Nothing is red so far"} />;
  }
  return (
    <section aria-label="Causes">
      <p class="soft">{redCount({ causes, red })}</p>
      <ul class="causes">
        {causes.map((one) => (
          <Item key={causeKey(one)} one={one} />
        ))}
      </ul>
    </section>
  );
}

function Item({ one }: { readonly one: Cause }) {
  const { cause, cells, where } = one;
  const example = exampleOf(one);
  const who = runnersOf(one);
  const whose = blame(one);
  return (
    <li>
      <p>
        <b>{cells}×</b> <bdi>{oneLine(cause)}</bdi>
      </p>
      <p class="soft facts">
        <span>{where}</span>
        {who === undefined ? undefined : <bdi>{who}</bdi>}
        {whose === "" ? undefined : <span>who failed: {whose}</span>}
        <Link to={asked({ view: undefined, red: "1", text: onlyRunner(one) })}>
          Show in the matrix
        </Link>
      </p>
      {example === undefined ? undefined : (
        <pre>
          <bdi>{example}</bdi>
        </pre>
      )}
    </li>
  );
}

function onlyRunner({ moreRunners, runners }: Cause): string | undefined {
  return runners.length === 1 && moreRunners === undefined ? runners[0] : undefined;
}

/** Causes that read the same may differ in who failed. */
export function causeKey({ cause, errorCode, errorSource, status }: Cause): string {
  return [status, errorSource, errorCode, cause].join(" ");
}
