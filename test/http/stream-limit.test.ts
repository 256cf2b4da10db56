/** --max-streams: how many event streams may be open at once. */
import { expect, test } from "bun:test";

import { startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { problemOf, regions, request, Served } from "./serving.ts";

test("refuses the stream that is one too many, until another has ended", async () => {
  using endpoint = startEndpoint(() => new Promise<never>(() => {}));
  await using api = new Served({ regions: regions({ eu: endpoint.base }), maxStreams: 2 });
  const runId = await api.submit(request(["eu"]));
  const open = (query = "") => api.get(`/${runId}/events${query}`);
  const first = await open();
  const second = await open("?detail=progress");
  expect([first.status, second.status]).toEqual([200, 200]);
  const refused = await open();
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(await problemOf(refused)).toMatchObject({
    code: "at_capacity",
    detail: "2 event streams are open already.",
  });
  // What is no stream is not counted, nor refused.
  expect((await api.get(`/${runId}/events`, { method: "HEAD" })).status).toBe(200);
  expect((await api.get(`/${runId}/status`)).status).toBe(200);
  await first.body?.cancel();
  const third = await eventually("there is room again", async () => {
    const response = await open();
    return response.status === 200 && response;
  });
  await third.body?.cancel();
  await second.body?.cancel();
});
