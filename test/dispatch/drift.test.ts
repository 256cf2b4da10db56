/** Drift: what endpoints told of themselves, compared. */
import { describe, expect, test } from "bun:test";

import { fleetDrift, type KnownRegion } from "../../src/dispatch/drift.ts";
import { readInfo } from "../../src/dispatch/read-info.ts";

/** A region whose endpoint answered this, as `/info` does. */
function region(name: string, info: object, url = `http://${name}.example/api`): KnownRegion {
  const told = readInfo(JSON.stringify({ region: name, ...info }));
  return { region: { name, url }, info: { healthy: true, latencyMs: 1, ...told } };
}

const away = (name: string, url = `http://${name}.example/api`): KnownRegion => ({
  region: { name, url },
  info: { healthy: false, error: "The endpoint refused the connection." },
});

/** The messages of each region, those without any left out. */
function messages(...fleet: readonly KnownRegion[]): Record<string, string[]> {
  const entries = Array.from(fleetDrift(fleet), ([name, drift]): [string, string[]] => [
    name,
    drift.map(({ message }) => message),
  ]);
  return Object.fromEntries(entries.filter(([, drift]) => drift.length > 0));
}

describe("fleetDrift", () => {
  test("finds nothing among regions that say the same", () => {
    const info = { runners: ["a", "b"], version: "1", inputSchemas: { a: { type: "object" } } };
    expect(messages(region("eu", info), region("us", info), region("ap", info))).toEqual({});
  });

  test("names runners that a region lacks and another has, each way", () => {
    expect(
      fleetDrift([
        region("eu", { runners: ["a", "b"] }),
        region("us", { runners: ["b", "c", "d"] }),
        region("none", { runners: [] }),
      ]),
    ).toEqual(
      new Map([
        [
          "eu",
          [
            {
              code: "missing_runners",
              message: "Lacks 2 runners that other regions offer: c, d.",
              runners: ["c", "d"],
            },
          ],
        ],
        [
          "us",
          [
            {
              code: "missing_runners",
              message: "Lacks 1 runner that other regions offer: a.",
              runners: ["a"],
            },
          ],
        ],
        [
          "none",
          [
            {
              code: "missing_runners",
              message: "Lacks 4 runners that other regions offer: a, b, c, d.",
              runners: ["a", "b", "c", "d"],
            },
          ],
        ],
      ]),
    );
  });

  test("keeps a message short, and every name beside it", () => {
    const names = Array.from({ length: 25 }, (_, index) => `r${index}`);
    const [drift] =
      fleetDrift([region("eu", { runners: names }), region("us", { runners: [] })]).get("us") ?? [];
    expect(drift?.message).toEndWith("r8, r9 and 15 more.");
    expect(drift?.runners).toEqual(names);
  });

  test("never compares what an endpoint does not tell, or one that is away", () => {
    const silent = region("silent", {});
    const dead = away("dead");
    const unasked = { region: { name: "new", url: "http://new.example" } };
    const full = region("eu", { runners: ["a"], version: "1", inputSchemas: { a: {} } });
    expect(messages(full, silent, dead, unasked)).toEqual({});
  });

  test("names the region that differs from most in input or version, whatever their order", () => {
    const usual = { runners: ["a"], version: "2", inputSchemas: { a: { x: 1, y: [1, 2] } } };
    const same = { ...usual, inputSchemas: { a: { y: [1, 2], x: 1 } } };
    const odd = { runners: ["a"], version: "1", inputSchemas: { a: { x: 1, y: [2, 1] } } };
    const fleet = [region("eu", usual), region("us", same), region("ap", odd)];
    const expected = {
      ap: ["Takes other input than other regions for a.", "Is version 1; other regions are 2."],
    };
    expect(messages(...fleet)).toEqual(expected);
    expect(messages(...fleet.toReversed())).toEqual(expected);
  });

  test("names both of two that differ: nobody knows who is right", () => {
    const drift = messages(region("eu", { version: "1" }), region("us", { version: "2" }));
    expect(Object.keys(drift)).toEqual(["eu", "us"]);
  });

  test("names an endpoint that is elsewhere, and those that share one, also when they are away", () => {
    const url = "http://one.example/api";
    expect(
      messages(
        region("eu", {}, url),
        region("us", { region: "eu" }, url),
        away("ap", url),
        away("other"),
      ),
    ).toEqual({
      eu: ["Has the same endpoint as us, ap."],
      us: ["Has the same endpoint as eu, ap.", 'The endpoint says it is in region "eu".'],
      ap: ["Has the same endpoint as eu, us."],
    });
  });
});

describe("readInfo", () => {
  test.each([
    ["nothing", ""],
    ["no JSON", "<html>"],
    ["null", "null"],
    ["a list", "[1]"],
    ["fields of other types", '{"runners":"a","region":7,"version":[],"inputSchemas":3}'],
    ["JSON that nests too deep", `{"runners":${"[".repeat(100)}${"]".repeat(100)}}`],
  ])("takes %s as an endpoint that says nothing of itself", (_what, text) => {
    expect(readInfo(text)).toEqual({ schemas: new Map(), inputSchemas: {} });
  });

  test("keeps the names that can be asked for, once", () => {
    const runners = ["a", "a", 7, null, "", "x".repeat(129), "b\u001b[2J", "ok \ud800", "b"];
    expect(readInfo(JSON.stringify({ runners })).runners).toEqual(["a", "ok \ufffd", "b"]);
  });

  test("bounds what is said of region and version", () => {
    const said = readInfo(JSON.stringify({ region: "eu\n\u001b[1m", version: "1".repeat(1_000) }));
    expect(said.region).toBe("eu [1m");
    expect(said.version).toHaveLength(64);
  });

  test("keeps as many names as a run may have runners, and no more", () => {
    const runners = Array.from({ length: 20_000 }, (_, index) => `r${index}`);
    expect(readInfo(JSON.stringify({ runners })).runners).toHaveLength(10_000);
  });
});
