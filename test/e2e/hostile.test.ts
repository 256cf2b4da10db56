/** The whole zoo of hostile endpoints in one run of the compiled binary. */
import { describe, expect, test } from "bun:test";

import type { Job } from "../../src/domain/job.ts";
import type { Beast } from "../dispatch/zoo/beast.ts";
import { ODD_BODIES } from "../dispatch/zoo/bodies.ts";
import { BROKEN_CONNECTIONS, ENDLESS } from "../dispatch/zoo/connections.ts";
import { BROKEN_PROTOCOL } from "../dispatch/zoo/protocol.ts";
import { startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { inTime } from "../support/in-time.ts";
import { memory } from "../support/proc.ts";
import { type RawServer, startRawServer } from "../support/raw-server.ts";
import { serve } from "./serving.ts";

const MORTAL: readonly Beast[] = [...BROKEN_CONNECTIONS, ...BROKEN_PROTOCOL, ...ODD_BODIES];
const TIMEOUT_MS = 4_000;

const runner = (region: string, page: number) => ({
  name: "titleTest",
  region,
  input: { url: `https://example.com/${page}` },
});

describe("volley serve with every hostile endpoint at once", () => {
  test("ends the run within its limit, harms no other region, and stays small", async () => {
    using folder = temporaryFolder();
    using good = startEndpoint();
    const zoo: RawServer[] = [];
    try {
      const regions: Record<string, string> = { good: good.base };
      const beasts = new Map<string, Omit<Beast, "errorCode"> & { errorCode?: string }>();
      for (const [index, beast] of [...MORTAL, ...ENDLESS].entries()) {
        const cage = await startRawServer(beast.answer);
        zoo.push(cage);
        beasts.set(`beast-${index}`, beast);
        regions[`beast-${index}`] = cage.origin;
      }
      await using server = await serve({ data: folder.path, regions });
      const runners = [
        ...[...beasts.keys()].map((region) => runner(region, 0)),
        ...Array.from({ length: 50 }, (_, page) => runner("good", page)),
      ];
      const isEndless = ({ region = "" }: Job): boolean => {
        return ENDLESS.some(({ name }) => name === beasts.get(region)?.name);
      };
      const { limit, run } = await inTime(
        TIMEOUT_MS,
        async (timeout) => {
          const runId = await server.api.submit({ mode: "remote", runners, timeout });
          // A run of the good region alone, meanwhile, has nothing to do with all this.
          const aside = await server.api.submit({
            mode: "remote",
            runners: Array.from({ length: 50 }, (_, page) => runner("good", page)),
          });
          const { summary } = await server.api.ended(aside);
          expect(summary).toMatchObject({ total: 50, passed: 50 });
          return { limit: timeout, run: await server.api.ended(runId) };
        },
        ({ run: { jobs } }) => {
          return jobs.every((job) => isEndless(job) || job.errorCode !== "run_timed_out");
        },
      );
      const { durationMs, jobs, state, summary } = run;
      expect(state).toBe("timed_out");
      expect(durationMs).toBeLessThan(limit + 3 * 1_000);
      expect(summary.total).toBe(runners.length);
      expect(summary.passed + summary.failed + summary.errored).toBe(runners.length);
      for (const job of jobs) {
        const region = job.region ?? "";
        const beast = beasts.get(region);
        const dripping = beast?.name === "drips its headers";
        // Headers that drip are endless, but at some time too many.
        const tooMany = dripping && job.errorCode === "malformed_response";
        const endless = isEndless(job) && !tooMany;
        const broken = tooMany ? "malformed_response" : beast?.errorCode;
        const expected = endless ? "run_timed_out" : broken;
        const what = beast?.name ?? region;
        expect([what, job.errorCode, job.state]).toEqual([
          what,
          expected,
          endless ? "timed_out" : expected === undefined ? "completed" : "failed",
        ]);
        expect(job.results).toHaveLength(1);
        expect(JSON.stringify(job)).not.toContain("127.0.0.1");
      }
      await eventually("no hostile connection is left", () =>
        zoo.every((cage) => cage.open() === 0),
      );
      // A handful of answers of a mebibyte at most, and what the process needs anyway.
      expect(memory(server.pid).peak).toBeLessThan(500);
      const after = await server.api.submit({ mode: "remote", runners: [runner("good", 0)] });
      expect(await server.api.ended(after)).toMatchObject({ state: "completed" });
      for (const line of server.log().trimEnd().split("\n")) {
        expect(line).not.toContain('"level":"error"');
      }
      expect(await server.stop()).toBe(0);
    } finally {
      for (const cage of zoo) cage[Symbol.dispose]();
    }
  }, 120_000);
});
