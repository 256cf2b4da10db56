import { describe, expect, test } from "bun:test";

import { AppError } from "../../src/domain/errors.ts";
import type { RunnerRequest, RunRequest } from "../../src/domain/run.ts";
import { type AdmissionLimits, admit } from "../../src/orchestrator/admission.ts";

const limits: AdmissionLimits = {
  regions: new Set(["us", "eu"]),
  maxRunners: 3,
  maxRunTimeMs: 60_000,
};
const withLocal = { localRunners: new Set(["a", "b"]) };
const url = "https://example.com";
const good: RunnerRequest = { name: "a", region: "eu", input: { url } };
const remote = (
  runners: readonly RunnerRequest[],
  change: Partial<RunRequest> = {},
): RunRequest => ({
  runners: [...runners],
  mode: "remote",
  ...change,
});

function refusal(request: RunRequest, change: Partial<AdmissionLimits> = {}): AppError {
  try {
    admit(request, { ...limits, ...change });
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("The request was admitted.");
}

describe("admit", () => {
  test.each<[string, RunRequest]>([
    ["a remote run", remote([good])],
    ["a run at every limit", remote([good, good, good], { timeout: 60_000 })],
    ["a local run without regions", remote([{ name: "a", input: { url } }], { mode: "local" })],
    ["a local run of an unknown region", remote([{ ...good, region: "mars" }], { mode: "local" })],
    ["a run with an id of its own", remote([good], { runId: "docs2" })],
  ])("admits %s", (_, request) => {
    expect(() => admit(request, { ...limits, ...withLocal })).not.toThrow();
  });

  test("refuses more runners than allowed", () => {
    const { code, faults } = refusal(remote([good, good, good, good]));
    expect(code).toBe("invalid_request");
    expect(faults).toEqual([
      { path: "/runners", message: "Has 4 runners; at most 3 are allowed." },
    ]);
  });

  test("refuses a timeout above the ceiling and names the ceiling", () => {
    const { code, faults } = refusal(remote([good], { timeout: 60_001 }));
    expect(code).toBe("invalid_request");
    expect(faults).toEqual([
      { path: "/timeout", message: "Is 60001 ms; at most 60000 ms are allowed." },
    ]);
  });

  test.each(["http://", "https://exa mple.com", "http://h:99999", "https://["])(
    "refuses %s: no URL",
    (bad) => {
      const { code, faults } = refusal(remote([good, { ...good, input: { url: bad } }]));
      expect(code).toBe("invalid_request");
      expect(faults).toEqual([{ path: "/runners/1/input/url", message: "Is not a valid URL." }]);
    },
  );

  test("lists every broken limit at once", () => {
    const bad = { ...good, input: { url: "http://" } };
    const { code, faults } = refusal(remote([bad, good, bad, good], { timeout: 90_000 }));
    expect(code).toBe("invalid_request");
    expect(faults.map(({ path }) => path)).toEqual([
      "/runners",
      "/timeout",
      "/runners/0/input/url",
      "/runners/2/input/url",
    ]);
  });

  test("refuses local mode where there are no runners", () => {
    const { code, message } = refusal(remote([good], { mode: "local" }));
    expect(code).toBe("local_mode_unavailable");
    expect(message).toContain('"remote"');
  });

  test("names every unknown runner of a local run and lists the known ones", () => {
    const request = remote([good, { ...good, name: "c" }, { ...good, name: "d" }], {
      mode: "local",
    });
    const { code, faults, message } = refusal(request, withLocal);
    expect(code).toBe("unknown_runner");
    expect(message).toContain("a, b");
    expect(faults).toEqual([
      { path: "/runners/1/name", message: 'There is no runner "c".' },
      { path: "/runners/2/name", message: 'There is no runner "d".' },
    ]);
  });

  test.each(["remote", "local"] as const)("names every runner without a url (%s)", (mode) => {
    const { code, faults } = refusal(
      remote([{ name: "a", region: "eu" }, good, { ...good, input: {} }], { mode }),
      withLocal,
    );
    expect(code).toBe("missing_url");
    expect(faults.map(({ path }) => path)).toEqual([
      "/runners/0/input/url",
      "/runners/2/input/url",
    ]);
  });

  test("names every remote runner without a region", () => {
    const lost = { name: "a", input: { url } };
    const { code, faults } = refusal(remote([lost, good, lost]));
    expect(code).toBe("missing_region");
    expect(faults.map(({ path }) => path)).toEqual(["/runners/0/region", "/runners/2/region"]);
  });

  test("names every unknown region and lists the configured ones", () => {
    const { code, faults, message } = refusal(
      remote([{ ...good, region: "mars" }, good, { ...good, region: "constructor" }]),
    );
    expect(code).toBe("unknown_region");
    expect(message).toContain("us, eu");
    expect(faults).toEqual([
      { path: "/runners/0/region", message: 'Region "mars" is not configured.' },
      { path: "/runners/2/region", message: 'Region "constructor" is not configured.' },
    ]);
  });

  test("says so when no region is configured at all", () => {
    expect(refusal(remote([good]), { regions: new Set() }).message).toContain("none");
  });
});
