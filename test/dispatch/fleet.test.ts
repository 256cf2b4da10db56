/** Fleet: when endpoints are asked, how often, and how long anybody waits for them. */
import { describe, expect, test } from "bun:test";

import type { EndpointInfo } from "../../src/dispatch/endpoint-info.ts";
import { Fleet } from "../../src/dispatch/fleet.ts";
import { RegionList } from "../../src/domain/fleet.ts";
import type { Region } from "../../src/domain/region.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { schemaFaultsOf } from "../http/schema.ts";
import { FakeClock } from "../support/fake-clock.ts";

const HEALTHY: EndpointInfo = {
  healthy: true,
  latencyMs: 7,
  runners: ["a"],
  schemas: new Map(),
  inputSchemas: {},
};
const AWAY: EndpointInfo = { healthy: false, error: "The endpoint refused the connection." };

interface Question {
  readonly name: string;
  readonly answer: (info: EndpointInfo) => void;
}

/** A fleet whose endpoints answer when the test says so. */
function fleet(names: readonly string[], atOnce = Infinity) {
  const clock = new FakeClock();
  const questions: Question[] = [];
  const regions = new Map(
    names.map((name): [string, Region] => [name, { name, url: `http://${name}.example` }]),
  );
  const ask = ({ name }: Region): Promise<EndpointInfo> => {
    const { promise, resolve } = Promise.withResolvers<EndpointInfo>();
    questions.push({ name, answer: resolve });
    return promise;
  };
  const asked = new Fleet({ regions, clock, atOnce, ask });
  /** Answers everything that is being asked, until nothing more is. */
  const answerAll = async (info: EndpointInfo = HEALTHY): Promise<void> => {
    while (questions.length > 0) {
      questions.splice(0).forEach(({ answer }) => answer(info));
      await settled();
    }
  };
  return { fleet: asked, clock, questions, answerAll };
}

/** After every reaction to what has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function health(reported: Promise<RegionList>): Promise<string[]> {
  const list = await reported;
  expect(schemaFaultsOf(RegionList, list)).toEqual([]);
  return list.regions.map((region) => `${region.name} ${region.health}`);
}

describe("Fleet", () => {
  test("asks nobody before anybody wants to know", async () => {
    const { questions } = fleet(["eu", "us"]);
    await settled();
    expect(questions).toEqual([]);
  });

  test("answers the first report once every endpoint has answered", async () => {
    const { answerAll, fleet: asked, questions } = fleet(["eu", "us"]);
    const report = asked.report();
    expect(questions.map(({ name }) => name)).toEqual([]);
    await settled();
    expect(questions.map(({ name }) => name)).toEqual(["eu", "us"]);
    await answerAll();
    expect(await health(report)).toEqual(["eu healthy", "us healthy"]);
  });

  test("asks each endpoint once, however many want to know", async () => {
    const { answerAll, fleet: asked, questions } = fleet(["eu"]);
    const reports = Array.from({ length: 50 }, () => asked.report());
    await settled();
    expect(questions).toHaveLength(1);
    await answerAll();
    for (const report of reports) expect(await health(report)).toEqual(["eu healthy"]);
    await asked.report();
    expect(questions).toHaveLength(0);
  });

  test("waits little more than an endpoint's time for the silent ones, and tells of the others", async () => {
    const { clock, fleet: asked, questions } = fleet(["eu", "silent"]);
    const report = asked.report();
    await settled();
    questions.find(({ name }) => name === "eu")?.answer(HEALTHY);
    clock.advance(2_999);
    await settled();
    expect(Bun.peek.status(report)).toBe("pending");
    clock.advance(1);
    expect(await health(report)).toEqual(["eu healthy", "silent unknown"]);
  });

  test("tells that an endpoint did not answer, also after this process stood still", async () => {
    using silent = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => new Promise<never>(() => {}),
    });
    const regions = new Map([["eu", { name: "eu", url: silent.url.origin }]]);
    const report = new Fleet({ regions, clock: systemClock, atOnce: 1 }).report();
    await settled();
    // All limits pass meanwhile.
    Bun.sleepSync(3_200);
    expect((await report).regions).toMatchObject([
      { health: "unhealthy", error: "The endpoint did not answer within 2000 ms." },
    ]);
  });

  test("loses no patience while endpoints are still to be asked, however long that takes", async () => {
    const clock = new FakeClock();
    const regions = new Map(["eu", "us"].map((name) => [name, { name, url: "http://a.example" }]));
    const ask = (): Promise<EndpointInfo> => {
      clock.advance(400);
      const limit = clock.deadline(2_000);
      return new Promise((resolve) => limit.addEventListener("abort", () => resolve(AWAY)));
    };
    const report = new Fleet({ regions, clock, atOnce: Infinity, ask }).report();
    await settled();
    clock.advance(1_999);
    await settled();
    expect(Bun.peek.status(report)).toBe("pending");
    clock.advance(1);
    expect(await health(report)).toEqual(["eu unhealthy", "us unhealthy"]);
  });

  test("tells what it knows at once for 30 s, and then what it is told anew", async () => {
    const { answerAll, clock, fleet: asked, questions } = fleet(["eu"]);
    const first = asked.report();
    await settled();
    await answerAll();
    await first;
    clock.advance(29_999);
    expect(await health(asked.report())).toEqual(["eu healthy"]);
    await settled();
    expect(questions).toHaveLength(0);
    clock.advance(1);
    const reports = [asked.report(), asked.report()];
    await settled();
    expect(reports.map((report) => Bun.peek.status(report))).toEqual(["pending", "pending"]);
    expect(questions).toHaveLength(1);
    await answerAll(AWAY);
    for (const report of reports) expect(await health(report)).toEqual(["eu unhealthy"]);
    const list = await asked.report();
    expect(list.regions[0]).toEqual({
      name: "eu",
      health: "unhealthy",
      checkedAt: new Date(clock.now()).toISOString(),
      error: "The endpoint refused the connection.",
      drift: [],
      history: [
        { at: new Date(clock.now() - 30_000).toISOString(), latencyMs: 7 },
        { at: new Date(clock.now()).toISOString() },
      ],
    });
  });

  test("tells what an endpoint said before where it does not answer in time", async () => {
    const { answerAll, clock, fleet: asked } = fleet(["eu"]);
    const first = asked.report();
    await settled();
    await answerAll();
    await first;
    clock.advance(30_000);
    const later = asked.report();
    await settled();
    clock.advance(3_000);
    expect(await health(later)).toEqual(["eu healthy"]);
  });

  test("is not misled by a stepped wall clock", async () => {
    const { answerAll, clock, fleet: asked, questions } = fleet(["eu"]);
    const first = asked.report();
    await settled();
    await answerAll();
    await first;
    clock.step(-86_400_000);
    await asked.report();
    clock.step(2 * 86_400_000);
    await asked.report();
    await settled();
    expect(questions).toHaveLength(0);
  });

  test("asks no more endpoints at once than it may, and all in the end", async () => {
    const names = Array.from({ length: 10 }, (_, index) => `r${index}`);
    const { answerAll, fleet: asked, questions } = fleet(names, 3);
    const report = asked.report();
    await settled();
    expect(questions).toHaveLength(3);
    await answerAll();
    expect(await health(report)).toEqual(names.map((name) => `${name} healthy`));
  });

  test("remembers the last 20 latencies, oldest first", async () => {
    const { answerAll, clock, fleet: asked } = fleet(["eu"]);
    for (let turn = 0; turn < 25; turn++) {
      clock.advance(30_000);
      const report = asked.report();
      await settled();
      await answerAll({ ...HEALTHY, latencyMs: turn });
      await report;
    }
    const [region] = (await asked.report()).regions;
    expect(region?.history.map(({ latencyMs }) => latencyMs)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 5),
    );
    expect(region?.latencyMs).toBe(24);
  });

  test("tells what regions offer at once, from answers of the last 5 minutes, and asks anew", async () => {
    const { answerAll, clock, fleet: asked, questions } = fleet(["eu", "us"]);
    const eu = new Set(["eu", "unknown"]);
    expect(asked.offered(eu)).toEqual(new Map());
    await settled();
    expect(questions.map(({ name }) => name)).toEqual(["eu"]);
    await answerAll();
    expect(asked.offered(eu)).toEqual(new Map([["eu", new Set(["a"])]]));
    clock.advance(300_000);
    expect(asked.offered(eu).size).toBe(1);
    await settled();
    expect(questions).toHaveLength(1);
    clock.advance(1);
    expect(asked.offered(eu)).toEqual(new Map());
    await answerAll(AWAY);
    expect(asked.offered(eu)).toEqual(new Map());
  });

  test("leaves out a region whose endpoint does not tell what it offers", async () => {
    const { answerAll, fleet: asked } = fleet(["eu"]);
    asked.refresh();
    await settled();
    await answerAll({
      healthy: true,
      latencyMs: 1,
      schemas: new Map(),
      inputSchemas: {},
      region: "us",
    });
    expect(asked.offered(new Set(["eu"]))).toEqual(new Map());
    expect([asked.reportedRegion("eu"), asked.reportedRegion("us")]).toEqual(["us", undefined]);
  });

  test("asks anew for an answer of now, and does without those that take too long", async () => {
    const { answerAll, clock, fleet: asked, questions } = fleet(["eu", "us"]);
    asked.refresh();
    await settled();
    await answerAll();
    clock.advance(1);
    const now = asked.offeredNow(new Set(["eu", "us"]));
    await settled();
    expect(questions.map(({ name }) => name)).toEqual(["eu", "us"]);
    questions.splice(0, 1)[0]?.answer({ ...HEALTHY, runners: ["new"] });
    clock.advance(3_000);
    expect(await now).toEqual(new Map([["eu", new Set(["new"])]]));
  });
});
