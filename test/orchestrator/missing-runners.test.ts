/** Missing runners: warned of, or refused, as far as the regions told. */
import { describe, expect, test } from "bun:test";

import { AppError } from "../../src/domain/errors.ts";
import type { RunRequest } from "../../src/domain/run.ts";
import { fleetWarnings } from "../../src/orchestrator/missing-runners.ts";

type Offers = Readonly<Record<string, readonly string[]>>;

/** A fleet of which this is known, and that answers the other when it is asked. */
function fleet(known: Offers, now: Offers = known) {
  const asked: string[][] = [];
  const told = (offers: Offers): ReadonlyMap<string, ReadonlySet<string>> =>
    new Map(Object.entries(offers).map(([name, runners]) => [name, new Set(runners)]));
  return {
    asked,
    offered: () => told(known),
    offeredNow: async (regions: ReadonlySet<string>) => {
      asked.push([...regions]);
      return told(now);
    },
  };
}

/** `name@region` for each runner. */
function request(names: readonly string[], more: Partial<RunRequest> = {}): RunRequest {
  const runners = names.map((text) => {
    const [name = "", region = ""] = text.split("@");
    return { name, region, input: { url: "https://example.com" } };
  });
  return { runners, mode: "remote", ...more };
}

const REQUEST = ["a@eu", "b@eu", "a@us", "b@us", "b@us", "a@silent"];
const OFFERS = { eu: ["a", "b"], us: ["a"] };

describe("fleetWarnings", () => {
  test("warns once of each runner that a region is known to lack, without asking", async () => {
    const view = fleet(OFFERS);
    expect(await fleetWarnings(request(REQUEST), view)).toEqual([
      {
        code: "missing_runner",
        message: 'Region "us" offers no runner "b".',
        region: "us",
        runner: "b",
      },
    ]);
    expect(view.asked).toEqual([]);
  });

  test("warns at most a hundred times", async () => {
    const names = Array.from({ length: 500 }, (_, index) => `r${index}@us`);
    expect(await fleetWarnings(request(names), fleet(OFFERS))).toHaveLength(100);
  });

  test("refuses a strict request, listing every runner, by what the regions say now", async () => {
    const view = fleet({}, OFFERS);
    const refused = await fleetWarnings(request(REQUEST, { strict: true }), view).catch(
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(AppError);
    expect(refused).toMatchObject({
      code: "missing_runners",
      faults: [
        { path: "/runners/3/name", message: 'Region "us" offers no runner "b".' },
        { path: "/runners/4/name", message: 'Region "us" offers no runner "b".' },
      ],
    });
    expect(view.asked).toEqual([["eu", "us", "silent"]]);
  });

  test("takes a strict request whose regions have by now what they lacked", async () => {
    const view = fleet(OFFERS, { eu: ["a", "b"], us: ["a", "b"] });
    expect(await fleetWarnings(request(REQUEST, { strict: true }), view)).toEqual([]);
  });

  test("takes a strict request whose regions cannot be asked: their jobs will say why", async () => {
    expect(await fleetWarnings(request(REQUEST, { strict: true }), fleet({}))).toEqual([]);
  });

  test("asks nobody about a local run", async () => {
    const view = fleet(OFFERS);
    const local = request(REQUEST, { mode: "local", strict: true });
    expect(await fleetWarnings(local, view)).toEqual([]);
    expect(view.asked).toEqual([]);
  });
});
