import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { hasBrowser } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { inTime } from "../support/in-time.ts";
import { BROWSER, BROWSER_TEST_MS, browsersOf, openBrowserPool, runOn } from "./browser-pool.ts";
import { hostsOf, processes } from "./harness.ts";
import { openSite, type Site } from "./site.ts";

setDefaultTimeout(BROWSER_TEST_MS);

let site: Site;
beforeAll(() => {
  site = openSite();
});
afterAll(() => site[Symbol.asyncDispose]());

describe.skipIf(!hasBrowser)("evidence of a failed browser runner", () => {
  test("a picture and the page's console errors, without replacing the runner's own", async () => {
    await using pool = await openBrowserPool();
    const names = ["fails", "failsPlainly", "throwsOnPage"];
    const [fails, plain, throws] = await runOn(pool, site.url, names);
    expect(fails?.details).toEqual({
      screenshot: "mine",
      seen: true,
      consoleErrors: ["the page complains"],
    });
    const { screenshot } = plain!.details as { screenshot: string };
    expect(screenshot).toStartWith("data:image/jpeg;base64,/9j/");
    expect(screenshot.length).toBeWithin(1_000, 205_000);
    expect(throws).toMatchObject({ status: "error", errorCode: "thrown" });
    expect(throws?.details).toHaveProperty("screenshot");
    expect(throws?.errorMessage).not.toContain("\u001b");
  });

  test("can be switched off", async () => {
    await using pool = await openBrowserPool({ browser: { ...BROWSER, screenshots: false } });
    const [result] = await runOn(pool, site.url, ["failsPlainly"]);
    expect(result).not.toHaveProperty("details");
  });

  test("a runner that hangs ends at the limit, with a picture of what it waited for", async () => {
    const { limit, results } = await inTime(
      8_000,
      async (runnerTimeout) => {
        await using pool = await openBrowserPool({ runnerTimeout });
        const results = await runOn(pool, site.url, ["waitsForever", "hostPid"]);
        return { limit: runnerTimeout, results };
      },
      ({ results: [seen] }) => seen?.details !== undefined,
    );
    const [result, after] = results;
    expect(result).toMatchObject({
      errorMessage: `The runner did not end within ${limit} ms.`,
      errorCode: "timed_out",
      errorSource: "timeout",
      details: { screenshot: expect.stringContaining("data:image/jpeg") },
    });
    expect(result?.durationMs).toBeWithin(limit - 100, 3 * limit);
    expect(after?.status).toBe("pass");
  });

  test("a page that never comes to rest is named before the limit strikes", async () => {
    const [result] = await inTime(
      8_000,
      async (runnerTimeout) => {
        await using pool = await openBrowserPool({ runnerTimeout });
        return await runOn(pool, `${site.url}restless`, ["countsCookies"]);
      },
      ([seen]) => seen?.errorCode === "navigation_failed",
    );
    expect(result).toMatchObject({ errorCode: "navigation_failed", errorSource: "target" });
    expect(result?.errorMessage).toMatch(/did not come to rest \(networkidle\) within \d+ ms\.$/);
  });
});

describe.skipIf(!hasBrowser)("a browser that fails", () => {
  test.each(["crashesBrowser", "crashesPage"])("%s costs its own result", async (name) => {
    await using pool = await openBrowserPool();
    const [result, after] = await runOn(pool, site.url, [name, "countsCookies"]);
    expect(result).toMatchObject({
      status: "error",
      errorCode: "browser_crashed",
      errorSource: "runner",
    });
    expect(after?.status).toBe("pass");
  });

  test("a loop beside an open page is cut off, and its browser goes with it", async () => {
    await using pool = await openBrowserPool({ runnerTimeout: 10_000 });
    const running = runOn(pool, site.url, ["loopsWithPage"]);
    const host = await eventually("the host runs", () => hostsOf(process.pid)[0]?.pid);
    const [browser] = await eventually("its browser runs", () => {
      const found = browsersOf(host);
      return found.length > 0 && found;
    });
    expect((await running)[0]?.errorCode).toBe("timed_out");
    await eventually("the browser is gone", () => processes().every(({ pid }) => pid !== browser));
  });

  test("one that does not start says why", async () => {
    await using pool = await openBrowserPool({ browser: { ...BROWSER, chrome: "/bin/false" } });
    const [result, after] = await runOn(pool, site.url, ["countsCookies", "hostPid"]);
    expect(result).toMatchObject({ errorCode: "browser_failed", errorSource: "runner" });
    expect(result?.errorMessage).toStartWith("The browser /bin/false does not start: ");
    expect(after?.status).toBe("pass");
  });
});

test("a browser that is not there costs only the runners that ask for one", async () => {
  await using pool = await openBrowserPool({
    browser: { ...BROWSER, chrome: "/nonexistent/chrome" },
  });
  const [result, after] = await runOn(pool, site.url, ["countsCookies", "hostPid"]);
  expect(result).toMatchObject({
    status: "error",
    errorCode: "browser_not_found",
    errorSource: "runner",
    errorMessage: 'The browser "/nonexistent/chrome" is not there. Check --chrome.',
  });
  expect(after?.status).toBe("pass");
});
