/** What the binary writes and says: JSON lines with run ids, and a token nowhere. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { type Answer, startEndpoint } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/folder.ts";
import { runToEnd } from "../support/process.ts";
import { startRawServer } from "../support/raw-server.ts";
import { EventReader } from "../support/sse.ts";
import { jobs, serve } from "./serving.ts";

/** With characters that other writers of JSON escape. */
const TOKEN = "t0ken/that+never-leaves";
const PART = "never-leaves";

/** Ways to send back all that was sent, by the number of the job. */
const ECHOES: readonly Answer[] = [
  ({ body, headers }) => {
    const said = JSON.stringify([...headers]);
    return Response.json({
      results: body.runners.map(() => ({
        name: said,
        status: "error",
        details: Object.fromEntries(headers),
        errorMessage: headers.get("authorization"),
        logs: [{ at: new Date().toISOString(), message: said, meta: [...headers] }],
      })),
    });
  },
  ({ headers }) => new Response(headers.get("authorization"), { status: 401 }),
  ({ headers }) => {
    const spelt = (headers.get("authorization") ?? "").replace("/", "\\/").replace("+", "\\u002b");
    return new Response(`{"results":[{"status":"error","errorMessage":"${spelt}"}]}`);
  },
  ({ headers }) =>
    Response.json(
      {
        defined: true,
        code: "EXECUTION_FAILED",
        message: `No ${headers.get("authorization")}`,
        data: {},
      },
      { status: 500 },
    ),
  ({ headers }) => new Response(`<p>${headers.get("authorization")}</p>`),
  ({ headers }) =>
    new Response(null, {
      status: 302,
      headers: { location: `/?${encodeURIComponent(headers.get("authorization") ?? "")}` },
    }),
  ({ headers }) =>
    Response.json(
      {
        defined: true,
        code: "INPUT_VALIDATION_FAILED",
        message: "",
        data: { issues: [{ path: [headers.get("authorization")], message: TOKEN }] },
      },
      { status: 400 },
    ),
];

describe("volley serve", () => {
  test("shows an endpoint's token to nobody, whatever the endpoint makes of it", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint((received) => {
      const index = Number(received.body.url.split("/").at(-1));
      return (ECHOES[index] ?? ECHOES[0]!)(received);
    });
    using broken = await startRawServer((socket, { head }) => socket.end(head));
    const data = join(folder.path, "data");
    const regions = {
      eu: { url: endpoint.base, token: TOKEN },
      broken: { url: broken.origin, token: TOKEN },
    };
    await using server = await serve({ data, regions });
    const { runners } = jobs(ECHOES.length);
    const [first] = runners;
    const body = {
      mode: "remote",
      runners: [...runners, { ...first, region: "broken" }],
      retries: 1,
    };
    const runId = await server.api.submit(body);
    const events = await new EventReader(await fetch(`${server.api.base}/${runId}/events`)).rest();
    const summary = await server.api.ended(runId);
    expect(summary.summary.errored).toBe(ECHOES.length + 1);
    expect(endpoint.received[0]?.headers.get("authorization")).toBe(`Bearer ${TOKEN}`);
    // The echo did arrive: else there is nothing to hide.
    expect(JSON.stringify(summary)).toContain("[redacted]");

    const said: Record<string, string> = {
      summary: JSON.stringify(summary),
      events: events.map((event) => event.data).join("\n"),
      log: server.log(),
      out: server.out(),
    };
    for (const path of ["", "/spec.json", "/docs", `/${runId}/status`]) {
      said[path] = await (await fetch(`${server.api.base}${path}`)).text();
    }
    said["metrics"] = await (await fetch(`${server.origin}/metrics`)).text();
    const unknown = { mode: "remote", runners: [{ ...first, region: "moon" }] };
    said["problem"] = await (await server.api.post(unknown)).text();
    const env = { PLAYWRIGHT_RUNNERS: JSON.stringify(regions) };
    const doctor = await runToEnd({ args: ["doctor", "--data", data], env });
    said["doctor"] = doctor.stdout + doctor.stderr;
    const copy = join(folder.path, "copy.sqlite");
    await runToEnd({ args: ["backup", copy, "--data", data], env });
    said["backup"] = readFileSync(copy, "latin1");
    await server.stop();
    for (const name of readdirSync(data)) said[name] = readFileSync(join(data, name), "latin1");
    const leaking = Object.keys(said).filter((where) => said[where]?.includes(PART));
    expect(leaking).toEqual([]);
  }, 120_000);

  test("logs JSON lines, and says in each of them which run it is about", async () => {
    using folder = temporaryFolder();
    using endpoint = startEndpoint();
    const options = { data: folder.path, regions: { eu: endpoint.base } };
    await using server = await serve(options);
    const runs: string[] = [];
    for (let index = 0; index < 5; index++) runs.push(await server.api.submit(jobs(3)));
    for (const runId of runs) await server.api.ended(runId);
    expect(await server.stop()).toBe(0);
    const lines = server
      .log()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const { level, message, time } of lines) {
      expect([typeof level, typeof message, typeof time]).toEqual(["string", "string", "string"]);
    }
    const ends = lines.filter(({ message }) => message === "run ended");
    expect(ends.map(({ runId }) => runId as string).toSorted()).toEqual(runs.toSorted());
    for (const { durationMs, state } of ends) {
      expect([typeof durationMs, state]).toEqual(["number", "completed"]);
    }
    expect(server.out()).toBe(`volley listening on ${server.origin}\n`);
  }, 120_000);
});
