/** volley run as a person sees it: the compiled binary in a pseudo-terminal. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import { type Answer, gate, pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { onTerminal } from "../support/terminal.ts";
import { serve } from "./serving.ts";

/** Answers at once in `eu`; elsewhere when the gate opens. */
function slowOutside(opened: Promise<void>): Answer {
  return async (request) => {
    if (request.body.region !== "eu") await opened;
    return pass(request);
  };
}

const words = (line: string | undefined): string[] => (line ?? "").split(/ {2,}/);

/** All words stand in the matrix of three rows, of which one region has passed. */
const isWide = (lines: readonly string[]): boolean =>
  lines.filter((line) => /✓ pass +… running$/.test(line)).length === 3;

const isRunning = (lines: readonly string[]): boolean =>
  lines.some((line) => line.includes("… running"));

describe("volley run on a terminal", () => {
  test("shows each region in place, then the matrix, the failures and the totals", async () => {
    using folder = temporaryFolder();
    const { open, opened } = gate();
    using endpoint = startEndpoint(async ({ body, ...request }) => {
      if (body.region !== "eu") await opened;
      if (body.region !== "us") return pass({ body, ...request });
      const failed = { status: "fail", details: { visible: false } };
      return Response.json({ results: body.runners.map(({ name }) => ({ name, ...failed })) });
    });
    const regions = { eu: `${endpoint.base}/eu`, us: `${endpoint.base}/us` };
    await using server = await serve({ data: folder.path, regions });
    const url = "https://a.example/";
    await using terminal = await onTerminal({
      args: ["run", "one", "two", "--url", url, "--region", "eu", "--region", "us"],
      env: { VOLLEY_SERVER: server.origin },
      columns: 150,
    });
    const live = await terminal.until("eu has passed", (lines) =>
      lines.some((line) => line.includes("✓ pass")),
    );
    expect(live[0]).toMatch(/^Run run_\S+ {2}0:\d\d$/);
    expect(live[1]).toMatch(/^█{15}░{15} {2}1\/2 jobs · 1 running · 2 passed$/);
    expect(live.slice(2).map(words)).toEqual([
      [""],
      ["runner", "url", "eu", "us"],
      ["one", url, "✓ pass", "… running"],
      ["two", url, "✓ pass", "… running"],
    ]);
    expect(terminal.isColored(4, live[4]?.indexOf("✓") ?? 0)).toBeTrue();
    open();
    expect(await terminal.ended).toBe(1);
    const all = await terminal.all();
    expect(all.slice(0, 6).map(words)).toEqual([
      ["runner", "url", "eu", "us"],
      ["one", url, "✓ pass", "✗ fail"],
      ["two", url, "✓ pass", "✗ fail"],
      [""],
      ["✗ fail", "us", "one", `${url}: {"visible":false}`],
      ["✗ fail", "us", "two", `${url}: {"visible":false}`],
    ]);
    expect(all.join("\n")).toMatch(
      /Run run_\S+ completed after .* 4 results: 2 passed, 2 failed, 0 errored; 2 jobs\.\nLook closer: volley report run_/,
    );
  });

  test("fits whatever size the terminal has, and leaves nothing behind when it changes", async () => {
    using folder = temporaryFolder();
    const { open, opened } = gate();
    using endpoint = startEndpoint(slowOutside(opened));
    const regions = { eu: `${endpoint.base}/eu`, us: `${endpoint.base}/us` };
    await using server = await serve({ data: folder.path, regions });
    const urls = ["a", "b", "c"].flatMap((name) => ["--url", `https://shop.example/page/${name}`]);
    await using terminal = await onTerminal({
      args: ["run", "cookieBannerTest", ...urls, "--region", "eu", "--region", "us"],
      env: { VOLLEY_SERVER: server.origin },
      columns: 100,
      rows: 24,
    });
    const wide = await terminal.until("all regions are shown", isWide);
    terminal.resize(46, 24);
    const narrow = await terminal.until("the narrow picture", (lines) =>
      lines.some((line) => /^cook.*✓ +…$/.test(line)),
    );
    expect(narrow.length).toBe(wide.length);
    expect(narrow[0]).toStartWith("Run run_");
    expect(Math.max(...narrow.map((line) => Bun.stringWidth(line)))).toBeLessThan(46);
    terminal.resize(100, 24);
    const again = await terminal.until("the wide picture again", isWide);
    expect(again.slice(3)).toEqual(wide.slice(3));
    terminal.resize(60, 24);
    await terminal.until("a narrower picture", (lines) =>
      lines.every((line) => Bun.stringWidth(line) < 60),
    );
    open();
    expect(await terminal.ended).toBe(0);
    const all = await terminal.all();
    const rows = all.filter((line) => line.startsWith("cookie"));
    expect(rows.map((line) => line.endsWith("✓ pass  ✓ pass"))).toEqual([true, true, true]);
    expect(all[0]).toStartWith("runner");
    expect(all.filter((line) => line.includes("running"))).toEqual([]);
  });

  test("shows what matters of more rows than there is room for", async () => {
    using folder = temporaryFolder();
    const { open, opened } = gate();
    using endpoint = startEndpoint(async (request) => {
      const page = Number(request.body.url.split("/").at(-1));
      if (page >= 38) await opened;
      if (page !== 30) return pass(request);
      return Response.json({ results: [{ name: "titleTest", status: "error" }] });
    });
    await using server = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    const urls = Array.from({ length: 40 }, (_, page) => ["--url", `https://a.example/${page}`]);
    await using terminal = await onTerminal({
      args: ["run", "titleTest", ...urls.flat(), "--region", "eu"],
      env: { VOLLEY_SERVER: server.origin },
      rows: 12,
    });
    const picture = await terminal.until("only two are running", (lines) =>
      lines.some((line) => line.includes("38/40 jobs · 2 running")),
    );
    expect(picture).toHaveLength(11);
    const rows = picture.slice(4).map((line) => words(line).slice(1).join(" "));
    expect(rows.slice(-4)).toEqual([
      "https://a.example/30 ! error",
      "https://a.example/38 … running",
      "https://a.example/39 … running",
      "",
    ]);
    expect(picture.at(-1)).toBe("… 34 more rows: ✓34");
    open();
    expect(await terminal.ended).toBe(1);
  });

  test("draws one picture per write, never more than ten in a second", async () => {
    using folder = temporaryFolder();
    const { open, opened } = gate();
    using endpoint = startEndpoint(async (request) => {
      const page = Number(request.body.url.split("/").at(-1));
      await (page === 299 ? opened : Bun.sleep(page * 5));
      return pass(request);
    });
    await using server = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    const urls = Array.from({ length: 300 }, (_, page) => ["--url", `https://a.example/${page}`]);
    const begun = performance.now();
    await using terminal = await onTerminal({
      args: ["run", "titleTest", ...urls.flat(), "--region", "eu"],
      env: { VOLLEY_SERVER: server.origin },
    });
    const drawn = () => terminal.chunks.join("").split("\u001b[?2026h").slice(1);
    await eventually("there are some pictures", () => drawn().length > 3);
    open();
    expect(await terminal.ended).toBe(0);
    const pictures = drawn();
    const seconds = (performance.now() - begun) / 1_000;
    expect(pictures.length).toBeLessThan(10 * seconds + 3);
    for (const picture of pictures) expect(picture).toContain("\u001b[?2026l");
  });

  test("keeps text of strangers from driving the terminal", async () => {
    using folder = temporaryFolder();
    const evil = "\u001b[2J\u001b]0;owned\u0007\u009b31m\r\nfake line\u202e";
    using endpoint = startEndpoint(({ body }) =>
      Response.json({
        results: body.runners.map(({ name }) => ({ name, status: "error", errorMessage: evil })),
      }),
    );
    await using server = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    await using terminal = await onTerminal({
      args: ["run", "titleTest", "--url", "https://a.example/", "--region", "eu"],
      env: { VOLLEY_SERVER: server.origin, NO_COLOR: "1" },
    });
    expect(await terminal.ended).toBe(1);
    const text = terminal.chunks.join("");
    expect(text).not.toMatch(/\u001b\[2J|\u001b\]|\u009b|\u202e/);
    // Without colour, only what moves the picture is left of terminal codes.
    expect(text.match(/\u001b\[[^A-Za-z]*[A-Za-z]/g)?.filter((code) => code.endsWith("m"))).toEqual(
      [],
    );
    expect((await terminal.all()).filter((line) => line.startsWith("fake"))).toEqual([]);
  });

  test("draws nothing in place in CI, and on a terminal that cannot", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint();
    await using server = await serve({ data: folder.path, regions: { eu: endpoint.base } });
    for (const env of [{ CI: "true" }, { TERM: "dumb" }]) {
      await using terminal = await onTerminal({
        args: ["run", "titleTest", "--url", "https://a.example/", "--region", "eu"],
        env: { VOLLEY_SERVER: server.origin, ...env },
      });
      expect(await terminal.ended).toBe(0);
      expect(terminal.chunks.join("")).not.toContain("\u001b");
      expect((await terminal.all())[1]).toStartWith("✓ pass   eu  titleTest");
    }
  });
});

describe("Ctrl-C", () => {
  test("cancels the run on the server, says so, and shows what there is", async () => {
    using folder = temporaryFolder();
    const { opened } = gate();
    using endpoint = startEndpoint(slowOutside(opened));
    const regions = { eu: `${endpoint.base}/eu`, us: `${endpoint.base}/us` };
    await using server = await serve({ data: folder.path, regions });
    await using terminal = await onTerminal({
      args: ["run", "one", "--url", "https://a.example/", "--region", "eu", "--region", "us"],
      env: { VOLLEY_SERVER: server.origin },
    });
    await terminal.until("us is running", (lines) =>
      lines.some((line) => /✓ pass +… run/.test(line)),
    );
    terminal.type("\u0003");
    expect(await terminal.ended).toBe(130);
    const all = (await terminal.all()).join("\n");
    const runId = /Cancelling (run_\S+); Ctrl-C again leaves at once\./.exec(all)?.[1] ?? "";
    expect(all).toMatch(/one +https:\/\/a\.example\/ +✓ pass +! error/);
    expect(all).toContain("was cancelled");
    expect((await server.api.status(runId)).state).toBe("cancelled");
  });

  test("a second one leaves at once, whatever the server does", async () => {
    using folder = temporaryFolder();
    const { opened } = gate();
    using endpoint = startEndpoint(slowOutside(opened));
    await using server = await serve({ data: folder.path, regions: { us: endpoint.base } });
    await using terminal = await onTerminal({
      args: [
        "run",
        "one",
        "--url",
        "https://a.example/",
        "--region",
        "us",
        "-r",
        "json",
        "-o",
        "x/r.json",
      ],
      env: { VOLLEY_SERVER: server.origin },
      cwd: folder.path,
    });
    await terminal.until("us is running", isRunning);
    process.kill(server.pid, "SIGSTOP");
    terminal.type("\u0003");
    await terminal.until("it says so", (lines) =>
      lines.some((line) => line.startsWith("Cancelling")),
    );
    terminal.type("\u0003");
    expect(await terminal.ended).toBe(130);
    process.kill(server.pid, "SIGCONT");
    expect(await Bun.file(join(folder.path, "x", "r.json")).exists()).toBeFalse();
  });

  test("in volley watch leaves, and the run goes on", async () => {
    using folder = temporaryFolder();
    const { open, opened } = gate();
    using endpoint = startEndpoint(slowOutside(opened));
    await using server = await serve({ data: folder.path, regions: { us: endpoint.base } });
    const runner = { name: "t", region: "us", input: { url: "https://a.example/" } };
    const runId = await server.api.submit({ mode: "remote", runners: [runner] });
    await using terminal = await onTerminal({
      args: ["watch", runId],
      env: { VOLLEY_SERVER: server.origin },
      columns: 150,
    });
    await terminal.until("it is shown", isRunning);
    terminal.type("\u0003");
    expect(await terminal.ended).toBe(130);
    expect((await terminal.all()).join("\n")).toContain(
      `The run goes on; look again with: volley watch ${runId} --server ${server.origin}`,
    );
    open();
    expect((await server.api.ended(runId)).state).toBe("completed");
  });
});

test("SIGTERM does what Ctrl-C does", async () => {
  using folder = temporaryFolder();
  const { opened } = gate();
  using endpoint = startEndpoint(slowOutside(opened));
  await using server = await serve({ data: folder.path, regions: { us: endpoint.base } });
  await using terminal = await onTerminal({
    args: ["run", "t", "--url", "https://a.example/", "--region", "us", "--run-id", "r"],
    env: { VOLLEY_SERVER: server.origin },
  });
  await terminal.until("it is running", isRunning);
  process.kill(terminal.pid, "SIGTERM");
  expect(await terminal.ended).toBe(130);
  expect((await server.api.status("r")).state).toBe("cancelled");
});
