/** volley doctor: names what is not in order, beside a running server, and changes nothing. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { runToEnd } from "../support/process.ts";
import { jobs, serve } from "./serving.ts";

const TOKEN = "t0ken-that-never-leaves";
const STORE = "volley.sqlite";

const RUNNER = `"use runner";
export async function titleTest() { return { name: "titleTest", status: "pass" }; }
`;

interface Asked {
  readonly data: string;
  readonly regions?: Readonly<Record<string, unknown>>;
  readonly args?: readonly string[];
}

/** What a doctor says: its lines by subject, and its exit code. */
async function doctor({ args = [], data, regions = {} }: Asked) {
  const { code, stderr, stdout } = await runToEnd({
    args: ["doctor", "--data", data, ...args],
    env: { PLAYWRIGHT_RUNNERS: JSON.stringify(regions) },
  });
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^((ok {2}|FAIL) {2}\S[^\n]*\n)+$/);
  expect(stdout).not.toContain(TOKEN);
  expect(stdout).not.toMatch(/\bat \S+ \(/);
  const lines = stdout.trimEnd().split("\n");
  const failed = lines.filter((line) => line.startsWith("FAIL"));
  expect(code).toBe(failed.length > 0 ? 1 : 0);
  return { code, failed: failed.join("\n"), lines, text: stdout };
}

/** An endpoint that says of itself what the test likes. */
function informing(info: unknown) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => (info instanceof Response ? info.clone() : Response.json(info)),
  });
  const base = `http://127.0.0.1:${server.port}/api/runner`;
  return { base, [Symbol.dispose]: () => void server.stop(true) };
}

/** The files of a folder, by name, as they are. */
function files(folder: string): Map<string, string> {
  return new Map(
    readdirSync(folder)
      .toSorted()
      .map((name) => [name, Bun.hash(readFileSync(join(folder, name))).toString(36)]),
  );
}

async function grown(data: string): Promise<void> {
  using endpoint = startEndpoint();
  await using server = await serve({ data, regions: { eu: endpoint.base } });
  await server.api.ended(await server.api.submit(jobs(60)));
  await server.stop();
}

describe("volley doctor", () => {
  test("finds nothing wrong where nothing is, with exit code 0", async () => {
    using folder = temporaryFolder();
    const data = join(folder.path, "data");
    await grown(data);
    const runners = join(folder.path, "checks");
    mkdirSync(runners);
    writeFileSync(join(runners, "title.ts"), RUNNER);
    using good = informing({ runners: ["titleTest"], count: 1, region: "eu" });
    using silent = informing(new Response("", { status: 200 }));
    const { code, lines } = await doctor({
      data,
      regions: { eu: { url: good.base, token: TOKEN }, other: silent.base },
      args: ["--runners", runners],
    });
    expect([code, lines.length]).toEqual([0, 5]);
    expect(lines[0]).toContain("2 regions");
    expect(lines[1]).toContain("1 runs, 0 unfinished");
    expect(lines[2]).toContain("titleTest");
    expect(lines[3]).toContain("region eu");
    expect(lines[3]).toContain("titleTest");
  }, 120_000);

  test("is content with a store that is not there yet", async () => {
    using folder = temporaryFolder();
    const { code, text } = await doctor({ data: join(folder.path, "none") });
    expect([code, text.includes("not there yet")]).toEqual([0, true]);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test("names each region that does not answer as it should", async () => {
    using folder = temporaryFolder();
    using dead = informing({});
    dead[Symbol.dispose]();
    using good = informing({ runners: ["a"] });
    using silent = informing({});
    using wrong = informing({ runners: [], region: "somewhere-else" });
    using refusing = informing(new Response("no", { status: 401 }));
    using hostile = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => new Promise<never>(() => {}),
    });
    const { code, failed, lines } = await doctor({
      data: folder.path,
      regions: {
        dead: { url: dead.base, token: TOKEN },
        good: good.base,
        silent: silent.base,
        wrong: wrong.base,
        refusing: refusing.base,
        hanging: `http://127.0.0.1:${hostile.port}`,
      },
    });
    await hostile.stop(true);
    expect(code).toBe(1);
    for (const name of ["dead", "wrong", "refusing", "hanging"]) {
      expect(failed).toContain(`region ${name}`);
    }
    expect(failed).not.toContain("region good");
    expect(failed).toContain("refused the connection");
    expect(failed).toContain("somewhere-else");
    expect(failed).toContain("401");
    expect(failed).toContain("did not answer within");
    expect(lines.join("\n")).toMatch(
      /region silent +answered in \d+ ms; does not tell which runners/,
    );
    expect(lines).toHaveLength(8);
  }, 120_000);

  test("shows no token and no control character, whatever an endpoint says of itself", async () => {
    using folder = temporaryFolder();
    const evil = `\u001b[2J${TOKEN}\r\nok  region evil`;
    using echoing = informing({ runners: [evil, 7, null], region: "echo" });
    using posing = informing({ runners: [], region: evil });
    using huge = informing({ runners: Array<string>(20_000).fill("x".repeat(100)) });
    const { lines, text } = await doctor({
      data: folder.path,
      regions: {
        echo: { url: echoing.base, token: TOKEN },
        pose: { url: posing.base, token: TOKEN },
        huge: huge.base,
      },
    });
    expect(lines).toHaveLength(5);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  }, 120_000);

  test.each<[string, (path: string) => void | Promise<void>]>([
    ["corrupt", async (path) => damage(path)],
    ["no database", (path) => writeFileSync(path, "notes\n".repeat(200))],
    ["empty of everything but a letter", (path) => writeFileSync(path, "x")],
  ])(
    "names a store that is %s, and leaves it as it is",
    async (_what, prepare) => {
      using folder = temporaryFolder();
      await prepare(join(folder.path, STORE));
      const before = files(folder.path).get(STORE);
      const { code, failed } = await doctor({ data: folder.path });
      expect(code).toBe(1);
      expect(failed).toContain("run store");
      expect(failed).toContain(STORE);
      expect(files(folder.path).get(STORE)).toBe(before as string);
    },
    120_000,
  );

  test("names a runner file that cannot be used, and a folder that is not there", async () => {
    using folder = temporaryFolder();
    const runners = join(folder.path, "checks");
    mkdirSync(runners);
    writeFileSync(join(runners, "good.ts"), RUNNER);
    writeFileSync(join(runners, "broken.ts"), `"use runner";\nexport async function x( {`);
    const data = join(folder.path, "data");
    const broken = await doctor({ data, args: ["--runners", runners] });
    expect(broken.failed).toContain("broken.ts");
    expect(broken.text).toContain("titleTest");
    const missing = await doctor({ data, args: ["--runners", join(folder.path, "none")] });
    expect(missing.failed).toContain("none");
  }, 120_000);

  test("works beside a running server, which does not notice", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint();
    const regions = { eu: endpoint.base };
    await using server = await serve({ data: folder.path, regions });
    await server.api.ended(await server.api.submit(jobs(30)));
    const before = files(folder.path).get(STORE);
    const reports = await Promise.all([1, 2, 3].map(() => doctor({ data: folder.path })));
    for (const { code, text } of reports) {
      expect([code, text.includes("1 runs, 0 unfinished")]).toEqual([0, true]);
    }
    expect(files(folder.path).get(STORE)).toBe(before as string);
    const after = await server.api.ended(await server.api.submit(jobs(3)));
    expect(after.state).toBe("completed");
    expect(server.log()).not.toContain('"level":"error"');
    expect(await server.stop()).toBe(0);
  }, 120_000);

  test("leaves the folder of a stopped server as it found it", async () => {
    using folder = temporaryFolder();
    await grown(folder.path);
    const before = files(folder.path);
    expect((await doctor({ data: folder.path })).code).toBe(0);
    expect(files(folder.path)).toEqual(before);
  }, 120_000);

  test("refuses a faulty configuration with exit code 2, naming every fault", async () => {
    const { code, stderr, stdout } = await runToEnd({
      args: ["doctor", "--dta", "x", "stray"],
      env: { PLAYWRIGHT_RUNNERS: `{"a b":"http://x","eu":{"url":"ftp://x","token":"${TOKEN}"}}` },
    });
    expect([code, stdout]).toEqual([2, ""]);
    for (const named of ["--dta", '"stray"', '"a b"', '"eu"']) expect(stderr).toContain(named);
    expect(stderr).not.toContain(TOKEN);
  });
});

async function damage(path: string): Promise<void> {
  await grown(join(path, ".."));
  const content = readFileSync(path);
  content.fill(0xa5, 4_096, 16_384);
  writeFileSync(path, content);
}
