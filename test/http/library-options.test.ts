/** Options of createOrchestratorHandler that cannot be meant: refused, each by its name. */
import { describe, expect, test } from "bun:test";

import { StartError } from "../../src/domain/errors.ts";
import { createOrchestratorHandler, type HandlerOptions } from "../../src/handler.ts";
import { temporaryFolder } from "../support/folder.ts";

describe("createOrchestratorHandler throws StartError for", () => {
  const faulty: readonly [string, object, string][] = [
    ["a basePath without a leading slash", { basePath: "api" }, "basePath"],
    ["a basePath with a trailing slash", { basePath: "/api/" }, "basePath"],
    ["a basePath with a parameter", { basePath: "/:tenant" }, "basePath"],
    ["a limit of nothing", { maxInFlight: 0 }, "maxInFlight"],
    ["a limit that is no number", { maxInFlight: "many" }, "maxInFlight"],
    ["NaN", { maxRunTime: Number.NaN }, "maxRunTime"],
    ["a body limit below nothing", { maxBody: -1 }, "maxBody"],
    ["half a response limit", { maxResponse: 0.5 }, "maxResponse"],
    ["no runners at all", { maxRunners: 0 }, "maxRunners"],
    ["regions in a list", { regions: ["http://127.0.0.1:1"] }, "regions"],
    ["two sources of regions", { regionsFile: "regions.json" }, "regionsFile and regions both say"],
    [
      "a regions file that is not there",
      { regions: undefined, regionsFile: "/no/such.json" },
      'regionsFile "/no/such.json" cannot be read: it does not exist',
    ],
    ["an option nobody knows", { maxInFligth: 5 }, "maxInFligth"],
    ["access that nobody knows", { access: { requireKeys: true } }, "access.requireKeys"],
    ["access that is no object", { access: true }, "access"],
    ["a public URL that is none", { access: { publicUrl: "x" } }, '"x" is no origin'],
    ["an admin key that is none", { access: { adminKey: "x" } }, "adminKey is no key"],
    ["a key asked for by a word", { access: { requireKey: "no" } }, "access.requireKey"],
  ];

  test.each(faulty)("%s, and leaves the data folder free", async (_what, options, name) => {
    using folder = temporaryFolder();
    const given = { data: folder.path, regions: new Map(), ...options } as HandlerOptions;
    const open = async () => {
      const handler = createOrchestratorHandler(given);
      await handler.close();
    };
    const error = await open().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(StartError);
    expect((error as StartError).message).toContain(name);
    const again = createOrchestratorHandler({ data: folder.path, regions: new Map() });
    await again.close();
  });

  test("several faults at once, naming each", () => {
    using folder = temporaryFolder();
    const options = { data: folder.path, regions: new Map(), maxBody: -1, basePath: "api" };
    expect(() => createOrchestratorHandler(options)).toThrow(/basePath[^]*maxBody/);
  });
});
