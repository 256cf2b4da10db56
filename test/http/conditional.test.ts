/** Entity tags: what a client knows already is not sent again (RFC 9110, 13). */
import { describe, expect, test } from "bun:test";

import { type Answer, pass, startEndpoint } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { regions, request, Served } from "./serving.ts";

/** Answers one job after the other, each when the test says so. */
function stepping(): { readonly answer: Answer; readonly step: () => void } {
  const waiting: (() => void)[] = [];
  return {
    answer: async (received) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return pass(received);
    },
    step: () => waiting.shift()?.(),
  };
}

const tagOf = (response: Response): string => response.headers.get("etag") ?? "";

describe.each(["/status", ""])("GET /api/orchestrator/{runId}%s", (path) => {
  test("changes its tag whenever a job starts or ends, and only then", async () => {
    const { answer, step } = stepping();
    using endpoint = startEndpoint(answer);
    await using api = new Served({ regions: regions({ a: endpoint.base, b: endpoint.base }) });
    const runId = await api.submit(request(["a", "b"], { concurrency: 1 }));
    const bodies = new Map<string, string>();
    const look = async (): Promise<string> => {
      const response = await api.get(`/${runId}${path}`);
      const body = await response.text();
      const tag = tagOf(response);
      expect(tag).toMatch(/^(W\/)?"[\x21\x23-\x7e]+"$/);
      expect(bodies.get(tag) ?? body).toBe(body);
      bodies.set(tag, body);
      return tag;
    };
    for (const started of [1, 2]) {
      await eventually("a job is in flight", () => endpoint.received.length === started);
      const before = await look();
      expect(await look()).toBe(before);
      step();
      await eventually("the tag changes", async () => (await look()) !== before);
    }
    await api.ended(runId);
    const last = await look();
    expect(await look()).toBe(last);
    expect(bodies.size).toBeGreaterThanOrEqual(3);
  });

  test("answers 304 without a body to whom the tag is known", async () => {
    using endpoint = startEndpoint();
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const runId = await api.submit(request(["eu"]));
    await api.ended(runId);
    const tag = tagOf(await api.get(`/${runId}${path}`));
    const strong = tag.replace(/^W\//, "");
    const known = [tag, strong, "*", `"other", ${tag}`, `${tag},"x"`, ` ${tag} `];
    for (const value of known) {
      const headers = { "if-none-match": value };
      const response = await api.get(`/${runId}${path}`, { headers });
      expect([value, response.status, await response.text()]).toEqual([value, 304, ""]);
      expect(tagOf(response)).toBe(tag);
      const head = await api.get(`/${runId}${path}`, { method: "HEAD", headers });
      expect([value, head.status]).toEqual([value, 304]);
    }
    for (const value of ['"other"', 'W/"other"', strong.slice(1, -1), "", `${tag}x`]) {
      const response = await api.get(`/${runId}${path}`, { headers: { "if-none-match": value } });
      expect([value, response.status]).toEqual([value, 200]);
      expect((await response.json()) as object).toHaveProperty("runId", runId);
    }
  });

  test("never takes one run's tag for another's", async () => {
    using endpoint = startEndpoint();
    await using api = new Served({ regions: regions({ eu: endpoint.base }) });
    const [one, other] = [await api.submit(request(["eu"])), await api.submit(request(["eu"]))];
    await Promise.all([api.ended(one), api.ended(other)]);
    const tag = tagOf(await api.get(`/${one}${path}`));
    const headers = { "if-none-match": tag };
    expect((await api.get(`/${other}${path}`, { headers })).status).toBe(200);
    expect((await api.get(`/run_none${path}`, { headers })).status).toBe(404);
  });
});
