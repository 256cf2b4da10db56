/** GET /events: which runs change. */
import { describe, expect, test } from "bun:test";

import { startEndpoint } from "../support/endpoint.ts";
import { EventReader } from "../support/sse.ts";
import { problemOf, regions, request, Served } from "./serving.ts";

async function named(reader: EventReader): Promise<string[]> {
  const event = await reader.next();
  expect(event?.type).toBe("runs.changed");
  expect(event?.id).toBeUndefined();
  return (JSON.parse(event?.data ?? "{}") as { runIds: string[] }).runIds;
}

describe("GET /events", () => {
  test("names nobody at once, then each run that was accepted and ended", async () => {
    using endpoint = startEndpoint();
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const response = await api.get("/events");
    expect(response.headers.get("content-type")).toStartWith("text/event-stream");
    const reader = new EventReader(response);
    expect(await named(reader)).toEqual([]);
    const runIds = [await api.submit(request(["eu"])), await api.submit(request(["eu"]))];
    const seen = new Set<string>();
    while (seen.size < 2) for (const runId of await named(reader)) seen.add(runId);
    expect([...seen].toSorted()).toEqual(runIds.toSorted());
    await reader.leave();
  });

  test("ends with its server, and counts as a stream", async () => {
    await using api = new Served({ maxStreams: 1 });
    const reader = new EventReader(await api.get("/events"));
    expect(await named(reader)).toEqual([]);
    expect(await problemOf(await api.get("/events"))).toMatchObject({ code: "at_capacity" });
    await api.close();
    expect(await reader.next()).toBeUndefined();
  });

  test("does not leave a stream behind for HEAD", async () => {
    await using api = new Served({ maxStreams: 1 });
    expect((await api.get("/events", { method: "HEAD" })).status).toBe(200);
    const reader = new EventReader(await api.get("/events"));
    expect(await named(reader)).toEqual([]);
    await reader.leave();
  });
});
