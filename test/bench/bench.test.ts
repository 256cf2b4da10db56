/**
 * The benchmark as a smoke test: every case runs and counts right. How fast is measured by whoever
 * has a quiet machine.
 */
import { describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CASES } from "../../scripts/bench/cases.ts";
import { binary } from "../support/binary.ts";

interface Written {
  readonly machine: { readonly cores: number };
  readonly cases: readonly {
    readonly name: string;
    readonly rows?: readonly {
      readonly volley: number;
      readonly baseline?: number;
      readonly rounds: readonly { readonly ratio?: number }[];
    }[];
  }[];
}

async function bench(args: readonly string[]) {
  const script = join(import.meta.dir, "..", "..", "scripts", "bench.ts");
  const child = Bun.spawn([process.execPath, script, "--binary", await binary(), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { stdout, stderr, code };
}

describe("bun run bench", () => {
  test("--quick measures every case, with counts that are right", async () => {
    const folder = await mkdtemp(join(tmpdir(), "volley-bench-test-"));
    try {
      const file = join(folder, "bench.json");
      const { code, stderr, stdout } = await bench(["--quick", "--json", file]);
      expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
      const { cases, machine } = (await Bun.file(file).json()) as Written;
      expect(machine.cores).toBeGreaterThan(0);
      expect(cases.map(({ name }) => name)).toEqual(Object.keys(CASES));
      for (const { rows = [] } of cases) {
        for (const { baseline = 1, rounds, volley } of rows) {
          expect(volley).toBeGreaterThan(0);
          expect(baseline).toBeGreaterThan(0);
          expect(rounds).toHaveLength(1);
        }
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 600_000);

  test("names its cases when asked for one that it lacks", async () => {
    const { code, stderr } = await bench(["speed"]);
    expect(code).toBe(2);
    expect(stderr).toContain("No such case: speed.");
    for (const name of Object.keys(CASES)) expect(stderr).toContain(name);
  });
});
