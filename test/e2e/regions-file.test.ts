/** --regions-file: the regions of a server in a file, and everything that can be wrong with it. */
import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { runToEnd } from "../support/process.ts";
import { jobs, serve } from "./serving.ts";

const TOKEN = "t0ken-that-never-leaves";
const NO_VARIABLE = { PLAYWRIGHT_RUNNERS: "" };

/** A folder with a regions file of this text or these bytes. */
function regionsFile(content: unknown, mode = 0o600) {
  const folder = temporaryFolder();
  const file = join(folder.path, "regions.json");
  const isText = typeof content === "string" || content instanceof Uint8Array;
  writeFileSync(file, isText ? content : JSON.stringify(content), { mode });
  chmodSync(file, mode);
  return { file, path: folder.path, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

/** What a server says of a start with this file that must fail. */
async function refusal(file: string, env: Readonly<Record<string, string>> = NO_VARIABLE) {
  using folder = temporaryFolder();
  const args = ["serve", "--port", "0", "--data", join(folder.path, "data")];
  const { code, stderr, stdout } = await runToEnd({
    args: [...args, "--regions-file", file],
    env,
  });
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^(volley: [^\n]+\n)+$/);
  expect(stderr).not.toContain(TOKEN);
  return stderr;
}

/** The log of a server that was started with this file, and stopped. */
async function logOf({ file, path }: { file: string; path: string }): Promise<string> {
  const args = ["--regions-file", file];
  const server = await serve({ data: join(path, "data"), args, env: NO_VARIABLE });
  await server.stop();
  return server.log();
}

describe("volley serve --regions-file", () => {
  test("dispatches to the regions of the file, with its tokens", async () => {
    using endpoint = startEndpoint();
    using given = regionsFile({ eu: { url: endpoint.base, token: TOKEN } });
    const args = ["--regions-file", given.file];
    const data = join(given.path, "data");
    await using server = await serve({ data, args, env: NO_VARIABLE });
    const summary = await server.api.ended(await server.api.submit(jobs(1)));
    expect(summary.state).toBe("completed");
    expect(endpoint.received[0]?.headers.get("authorization")).toBe(`Bearer ${TOKEN}`);
    expect(server.log()).not.toContain(TOKEN);
    expect(server.log()).not.toContain("read by every user");
  }, 120_000);

  test("is VOLLEY_REGIONS_FILE, too; files it names are looked for beside it", async () => {
    using endpoint = startEndpoint();
    using given = regionsFile({ eu: { url: endpoint.base, tokenFile: "secrets/eu" } });
    mkdirSync(join(given.path, "secrets"));
    writeFileSync(join(given.path, "secrets", "eu"), `${TOKEN}\n`);
    const env = { ...NO_VARIABLE, VOLLEY_REGIONS_FILE: given.file };
    await using server = await serve({ data: join(given.path, "data"), env });
    await server.api.ended(await server.api.submit(jobs(1)));
    expect(endpoint.received[0]?.headers.get("authorization")).toBe(`Bearer ${TOKEN}`);
  }, 120_000);

  test.skipIf(process.platform === "win32")(
    "warns of a file that holds tokens and that every user can read",
    async () => {
      using shared = regionsFile({ eu: { url: "http://127.0.0.1:1", token: TOKEN } }, 0o644);
      using open = regionsFile({ eu: "http://127.0.0.1:1" }, 0o644);
      const said = await logOf(shared);
      expect(said).toContain('"level":"warn"');
      expect(said).toContain("holds tokens and can be read by every user of this machine");
      expect(said).toContain(shared.file);
      expect(said).not.toContain(TOKEN);
      expect(await logOf(open)).not.toContain("can be read by");
    },
    120_000,
  );
});

describe("volley serve --regions-file refuses, with its name, a file that", () => {
  const utf16 = Buffer.from("\ufeff{}", "utf16le");
  test.each<[string, string | Uint8Array, string]>([
    ["is empty", " \n", "is empty"],
    ["is not JSON", `{"eu": "http://h", "token": "${TOKEN}",}`, "is not valid JSON"],
    ["is no object", `["http://h"]`, "must be a JSON object from region name to endpoint URL"],
    ["is UTF-16", utf16, "is not UTF-8 text"],
    ["is too large", `{${" ".repeat(1024 ** 2)}}`, "is larger than 1 MiB"],
  ])("%s", async (_what, content, said) => {
    using given = regionsFile(content);
    const stderr = await refusal(given.file);
    expect(stderr).toStartWith(`volley: --regions-file "${given.file}" ${said}`);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  test("has faults, all of them at once, together with those of other flags", async () => {
    using given = regionsFile(`{
      "good": "http://127.0.0.1:4000",
      "eu": "http://127.0.0.1:4000",
      "eu": { "url": "ftp://127.0.0.1", "token": "${TOKEN}" },
      "a b": "http://127.0.0.1:4000",
      "typo": { "url": "http://127.0.0.1:4000", "tokn": "${TOKEN}" },
      "twice": { "url": "http://127.0.0.1:4000", "token": "${TOKEN}", "token": "${TOKEN}" },
      "away": { "url": "http://127.0.0.1:4000", "tokenFile": "none" }
    }`);
    const stderr = await refusal(given.file, { ...NO_VARIABLE, VOLLEY_MAX_BODY: "lots" });
    const lines = stderr.trimEnd().split("\n");
    expect(lines).toHaveLength(7);
    expect(stderr).toContain("VOLLEY_MAX_BODY");
    for (const said of [
      'region "eu" is there twice',
      'region "eu" has an endpoint of scheme "ftp:"',
      'region "a b" is not a region name',
      'region "typo" has an unknown field "tokn"',
      'region "twice" has "token" twice',
      `region "away" has a "tokenFile" that cannot be used: the file ${join(given.path, "none")}`,
    ]) {
      expect(stderr).toContain(`volley: --regions-file "${given.file}" ${said}`);
    }
  });

  test("is missing, or a folder, or no regular file", async () => {
    using folder = temporaryFolder();
    const missing = join(folder.path, "none.json");
    for (const [file, said] of [
      [missing, "it does not exist"],
      [folder.path, "it is a folder"],
      ["/dev/null", "it is no regular file"],
    ] as const) {
      expect(await refusal(file)).toBe(
        `volley: --regions-file "${file}" cannot be read: ${said}\n`,
      );
    }
  });

  test("stands beside PLAYWRIGHT_RUNNERS", async () => {
    using given = regionsFile({ eu: "http://127.0.0.1:4000" });
    for (const variable of ["{}", `{"eu":"http://127.0.0.1:4000"}`]) {
      expect(await refusal(given.file, { PLAYWRIGHT_RUNNERS: variable })).toBe(
        "volley: --regions-file and PLAYWRIGHT_RUNNERS both say which regions there are: give one of them\n",
      );
    }
  });
});

describe("volley doctor --regions-file", () => {
  test("asks the regions of the file, and says where they come from", async () => {
    using endpoint = startEndpoint();
    using given = regionsFile({ eu: { url: endpoint.base, token: TOKEN } });
    const args = ["doctor", "--data", join(given.path, "data"), "--regions-file", given.file];
    const { stderr, stdout } = await runToEnd({ args, env: NO_VARIABLE });
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^ok {4}configuration +1 region in \S+regions\.json$/m);
    expect(stdout).toContain("region eu");
    expect(stdout).not.toContain(TOKEN);
  });

  test.skipIf(process.platform === "win32")(
    "tells of tokens that every user can read",
    async () => {
      using given = regionsFile({ eu: { url: "http://127.0.0.1:1", token: TOKEN } }, 0o644);
      const args = ["doctor", "--data", join(given.path, "data"), "--regions-file", given.file];
      const { stdout } = await runToEnd({ args, env: NO_VARIABLE });
      expect(stdout).toContain("holds tokens and can be read by every user of this machine");
    },
  );

  test("refuses a faulty file with exit code 2", async () => {
    using given = regionsFile({ eu: "ftp://h" });
    const args = ["doctor", "--data", join(given.path, "data"), "--regions-file", given.file];
    const { code, stderr } = await runToEnd({ args, env: NO_VARIABLE });
    expect(code).toBe(2);
    expect(stderr).toContain(`--regions-file "${given.file}" region "eu"`);
  });
});
