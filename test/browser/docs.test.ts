/** The documentation page in a real browser without a network. */
import { describe, expect, test } from "bun:test";

import { hasBrowser, loadedHosts, openView } from "../support/browser.ts";
import { startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Api, start } from "../support/process.ts";

const COLLECT_VIOLATIONS = `(() => {
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    window.violations.push(event.violatedDirective + " " + event.blockedURI);
  });
})()`;

describe.skipIf(!hasBrowser)("GET /api/orchestrator/docs in a browser", () => {
  test("renders offline, and Try it out submits a run that is executed", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint();
    const regions = { "us-east-1": endpoint.base, "eu-west-1": endpoint.base };
    await using server = await start({
      args: ["serve", "--port", "0", "--data", folder.path],
      env: { PLAYWRIGHT_RUNNERS: JSON.stringify(regions) },
    });
    const api = new Api(server.origin);
    await using view = openView({ width: 1280, height: 1600 });

    await view.navigate(`${api.base}/docs`);
    await view.evaluate(COLLECT_VIOLATIONS);
    const text = (): Promise<string> => view.evaluate("document.body.innerText") as Promise<string>;
    await eventually("the operations are listed", async () =>
      (await text()).includes("Submit a run"),
    );

    await view.click("#operations-runs-postApiOrchestrator .opblock-summary-control");
    const execute = "#operations-runs-postApiOrchestrator .execute";
    await atRest(view, execute);
    await view.click(execute);
    const answer = await eventually("the answer is shown", async () => {
      const shown = await view.evaluate(
        "document.querySelector('.live-responses-table')?.innerText ?? ''",
      );
      return /202[\s\S]*"runId": "([^"]+)"/.exec(String(shown))?.[1];
    });

    const run = await api.ended(answer);
    expect(run.state).toBe("completed");
    expect(endpoint.received.length).toBe(2);
    expect(await loadedHosts(view)).toEqual([new URL(server.origin).host]);
    expect(await view.evaluate("window.violations")).toEqual([]);
  }, 120_000);
});

/** Resolves once an element no longer moves: the page unfolds its sections. */
async function atRest(view: Bun.WebView, selector: string): Promise<void> {
  const place = `JSON.stringify(document.querySelector(${JSON.stringify(selector)})?.getBoundingClientRect() ?? null)`;
  let last = "null";
  let same = 0;
  await eventually(`${selector} is at rest`, async () => {
    const now = String(await view.evaluate(place));
    same = now === last && now !== "null" ? same + 1 : 0;
    last = now;
    return same >= 10;
  });
}
