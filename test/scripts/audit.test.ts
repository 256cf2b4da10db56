/** bun run audit tells a finding from a registry that does not answer. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { audit } from "../../scripts/audit.ts";
import { temporaryFolder } from "../support/folder.ts";

const LOCK = {
  lockfileVersion: 1,
  workspaces: { "": { name: "a", dependencies: { ms: "0.7.0" } } },
  packages: { ms: ["ms@0.7.0", "", {}, "sha512-AAAA"] },
};
const ADVISORY = {
  id: 1,
  url: "https://advisories.example/1",
  title: "Slow on long strings",
  severity: "high",
  vulnerable_versions: "<0.7.1",
  cwe: [],
  cvss: { score: 7, vectorString: null },
};

/** Audits a project whose registry is `answer`. */
async function verdict(answer: (request: Request) => Response | Promise<Response>) {
  using folder = temporaryFolder();
  const asked: string[] = [];
  using registry = Bun.serve({
    port: 0,
    fetch: (request) => {
      asked.push(new URL(request.url).pathname);
      return answer(request);
    },
  });
  const dependencies = { ms: "0.7.0" };
  writeFileSync(join(folder.path, "package.json"), JSON.stringify({ name: "a", dependencies }));
  writeFileSync(join(folder.path, "bun.lock"), JSON.stringify(LOCK));
  writeFileSync(join(folder.path, "bunfig.toml"), `[install]\nregistry = "${registry.url.href}"\n`);
  const found = await audit(folder.path);
  expect(asked).not.toEqual([]);
  return found;
}

describe("bun run audit", () => {
  test("finds nothing in a project without advisories", async () => {
    const found = await verdict(() => Response.json({}));
    expect(found).toEqual({ code: 0, lines: ["No known vulnerabilities."] });
  });

  test("lists every advisory", async () => {
    const { code, lines } = await verdict(() => Response.json({ ms: [ADVISORY] }));
    expect(code).toBe(1);
    expect(lines).toEqual(["high: ms <0.7.1: Slow on long strings https://advisories.example/1"]);
  });

  test.each([
    ["refuses", () => new Response("no", { status: 405 })],
    ["fails", () => new Response("no", { status: 500 })],
    ["answers a page", () => new Response("<html></html>")],
    ["answers a list", () => Response.json([])],
  ])(
    "knows nothing when the registry %s",
    async (_what, answer) => {
      const { code, lines } = await verdict(answer);
      expect(code).toBe(2);
      expect(lines[0]).toStartWith("Nothing is known");
    },
    120_000,
  );
});
