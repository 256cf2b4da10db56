import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { hasBrowser } from "../support/browser.ts";
import { BROWSER_TEST_MS, browsersOf, openBrowserPool, runOn } from "./browser-pool.ts";
import type { Pool } from "./harness.ts";
import { openSite, type Site } from "./site.ts";

setDefaultTimeout(BROWSER_TEST_MS);

let site: Site;
beforeAll(() => {
  site = openSite();
});
afterAll(() => site[Symbol.asyncDispose]());

describe.skipIf(!hasBrowser)("withPlaywright", () => {
  let shared: Pool;
  beforeAll(async () => {
    shared = await openBrowserPool();
  });
  afterAll(() => shared.pool.close());

  test("one browser serves all jobs of a host, and no cookie leaks between runners", async () => {
    const first = await runOn(shared, site.url, ["countsCookies", "hostPid"]);
    const host = first[1]?.details;
    const browsers = browsersOf(host);
    const second = await runOn(shared, site.url, ["countsCookies", "hostPid"]);
    const details = { before: 0, after: 1, pages: 2 };
    expect([first[0]?.details, second[0]?.details]).toEqual([details, details]);
    expect(second[1]?.details).toBe(host);
    expect(browsers).toHaveLength(1);
    expect(browsersOf(host)).toEqual(browsers);
  });

  test("no context survives its runner", async () => {
    const results = await runOn(shared, site.url, ["keepsContext", "keepsContext"]);
    expect(results.map(({ details }) => details)).toEqual([2, 2]);
  });

  test("what nobody waited for does not turn a verdict into an error", async () => {
    const [left, after] = await runOn(shared, site.url, ["leavesWaiting", "countsCookies"]);
    expect(left).toMatchObject({ status: "pass", reportedName: "leaves" });
    expect(after?.status).toBe("pass");
  });

  test("closeBrowser closes the pages of its runner, which may open new ones", async () => {
    const [result] = await runOn(shared, site.url, ["closesBrowser"]);
    expect(result?.details).toEqual({ closed: true, title: "Corner Shop" });
  });

  test("works within runRunners, whose faults are results", async () => {
    const [result] = await runOn(shared, site.url, ["runsOthers"]);
    expect(result).toMatchObject({
      status: "pass",
      details: {
        region: "elsewhere",
        results: [
          { name: "inner", status: "pass", details: "Corner Shop" },
          { name: "unknown", status: "error", errorMessage: "inner boom" },
        ],
      },
    });
  });

  test.each([
    ["http://volley.invalid/", "its host name is unknown (ERR_NAME_NOT_RESOLVED)"],
    ["http://127.0.0.1:2/", "nothing listens there (ERR_CONNECTION_REFUSED)"],
  ])("a page that cannot be opened is the target's fault: %s", async (url, why) => {
    const [result] = await runOn(shared, url, ["countsCookies"]);
    expect(result).toMatchObject({
      status: "error",
      errorCode: "navigation_failed",
      errorSource: "target",
      errorMessage: `The page ${url} cannot be opened: ${why}.`,
    });
  });

  test("a certificate nobody trusts is the target's fault, with the page's code", async () => {
    await using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      tls: await selfSigned(),
      fetch: () => new Response("unseen"),
    });
    const [result] = await runOn(shared, `https://127.0.0.1:${server.port}/`, ["countsCookies"]);
    expect(result).toMatchObject({ errorCode: "navigation_failed", errorSource: "target" });
    expect(result?.errorMessage).toContain("ERR_CERT_AUTHORITY_INVALID");
  });
});

/** Made anew, so that no key lies in the repository. */
async function selfSigned(): Promise<{ key: string; cert: string }> {
  const command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"];
  const output = ["-subj", "/CN=localhost", "-keyout", "-", "-out", "-"];
  const made = await Bun.$`${[...command, ...output]}`.quiet().text();
  const part = (name: string): string =>
    new RegExp(`-----BEGIN ${name}-----[^]*?-----END ${name}-----`).exec(made)?.[0] ?? "";
  return { key: part("PRIVATE KEY"), cert: part("CERTIFICATE") };
}
