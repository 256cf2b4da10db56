/** What a client is told of a body that its schema refuses. */
import { describe, expect, test } from "bun:test";

import { Type } from "@sinclair/typebox";
import { Errors } from "@sinclair/typebox/errors";

import { RunRequest } from "../../src/domain/run.ts";
import { schemaFaults } from "../../src/http/schema-faults.ts";

const runner = { name: "t", region: "eu", input: { url: "https://example.com" } };

/** The faults of a request that is right but for this. */
function faultsOf(more: Readonly<Record<string, unknown>>): string[] {
  const body: unknown = JSON.parse(JSON.stringify({ runners: [runner], mode: "remote", ...more }));
  return schemaFaults(Errors(RunRequest, [], body)).map(
    ({ message, path }) => `${path}: ${message}`,
  );
}

describe("schemaFaults", () => {
  test.each([
    [{ mode: "remot" }, ['/mode: Must be one of "remote", "local".']],
    [{ mode: undefined }, ['/mode: Field "mode" is missing.']],
    [{ concurency: 3 }, ['/concurency: Unknown field "concurency".']],
    [{ runners: [] }, ["/runners: Needs at least 1 item."]],
    [{ runners: "t" }, ["/runners: Must be an array."]],
    [{ runners: [7] }, ["/runners/0: Must be an object."]],
    [{ runners: [{ ...runner, name: "" }] }, ["/runners/0/name: Must not be empty."]],
    [
      { runners: [{ ...runner, name: "t".repeat(129) }] },
      ["/runners/0/name: May have at most 128 characters."],
    ],
    [{ runners: [{ ...runner, name: 7 }] }, ["/runners/0/name: Must be a string."]],
    [{ concurrency: "3" }, ["/concurrency: Must be an integer."]],
    [{ concurrency: 0.5 }, ["/concurrency: Must be an integer."]],
    [{ timeout: 0 }, ["/timeout: Must be at least 1."]],
    [{ retries: 6 }, ["/retries: Must be at most 5."]],
    [{ strict: "yes" }, ["/strict: Must be true or false."]],
    [{ tags: Array(11).fill("t") }, ["/tags: May have at most 10 items."]],
    [{ tags: ["", 7] }, ["/tags/0: Must not be empty.", "/tags/1: Must be a string."]],
  ])("says of %j: %j", (more, expected) => {
    expect(faultsOf(more)).toEqual(expected);
  });

  test("has a sentence for whatever a schema may ask for", () => {
    const schema = Type.Object({ list: Type.Array(Type.Null(), { uniqueItems: true }) });
    const faults = schemaFaults(Errors(schema, [], { list: [1] }));
    expect(faults).toEqual([{ path: "/list/0", message: "Expected null." }]);
  });
});
