/** volley ls: a table where it fits, and what a narrow terminal shows instead. */
import { expect, test } from "bun:test";
import { join } from "node:path";

import { startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { onTerminal } from "../support/terminal.ts";
import { URL_FLAGS, volley } from "./cli.ts";
import { serve } from "./serving.ts";

test("volley ls is a table, or two lines a run on a terminal that is too narrow for it", async () => {
  using folder = temporaryFolder();
  using endpoint = startEndpoint();
  await using server = await serve({
    data: join(folder.path, "data"),
    regions: { eu: endpoint.base },
  });
  const runId = `run_${"x".repeat(36)}`;
  const run = ["run", "t", ...URL_FLAGS, "--region", "eu", "--tag", "nightly", "--run-id", runId];
  expect((await volley(server, run)).code).toBe(0);
  const lines = async (columns: number): Promise<string[]> => {
    const env = { VOLLEY_SERVER: server.origin };
    await using terminal = await onTerminal({ args: ["ls"], env, columns });
    expect(await terminal.ended).toBe(0);
    return (await terminal.all()).map((line) => line.replace(/\d+ s\b/, "1 s"));
  };
  const table = [
    `${"run".padEnd(runId.length)}  state      results   jobs  age  tags`,
    `${runId}  completed  1 passed  1     1 s  nightly`,
  ];
  expect(await lines(100)).toEqual(table);
  expect(await lines(60)).toEqual([runId, "  completed · 1 passed · 1 job · 1 s ago · nightly"]);
  // Programs read the table, however narrow the terminal beside them.
  const { stdout } = await volley(server, ["ls"], { env: { COLUMNS: "60" } });
  expect(stdout.split("\n")[0]).toBe(table[0]);
});
