/** What a key, an address and a server bear in a minute. */
import { describe, expect, test } from "bun:test";

import { issueKey } from "../../../src/domain/key.ts";
import { addressGroup } from "../../../src/http/access/address-group.ts";
import { MinuteLimit } from "../../../src/http/access/minute-limit.ts";
import { BASE, problemOf } from "../serving.ts";
import { bearer, Guarded } from "./guarded.ts";

const RUN = {
  runners: [{ name: "a", region: "eu", input: { url: "https://a.example" } }],
  mode: "remote",
};

describe("MinuteLimit", () => {
  test.each([1, 3, 7, 60, 1_000])(
    "allows %i at once and as many in every minute after",
    (limit) => {
      let now = 5_000;
      const limits = new MinuteLimit(limit, () => now);
      for (let count = 0; count < limit; count++) expect(limits.take("a")).toBe(0);
      const wait = limits.take("a");
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(60_000 / limit);
      expect(limits.take("b")).toBe(0);
      now += wait;
      expect(limits.take("a")).toBe(0);
      expect(limits.take("a")).toBeGreaterThan(0);
      let taken = 0;
      for (let step = 0; step < 60_000; step += 10) {
        now += 10;
        if (limits.take("a") === 0) taken++;
      }
      expect(taken).toBeGreaterThanOrEqual(limit - 1);
      expect(taken).toBeLessThanOrEqual(limit + 1);
    },
  );

  test("remembers so many names, the latest ones", () => {
    const limits = new MinuteLimit(1, () => 0);
    for (let index = 0; index <= 10_000; index++) expect(limits.take(`name ${index}`)).toBe(0);
    expect(limits.take("name 10000")).toBeGreaterThan(0);
    expect(limits.take("name 1")).toBeGreaterThan(0);
    expect(limits.take("name 0")).toBe(0);
  });
});

test.each([
  ["127.0.0.1", "127.0.0.1"],
  ["::ffff:10.1.2.3", "10.1.2.3"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:DB8:1:2::9", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["", ""],
])("the address %p counts as %p", (address, group) => {
  expect(addressGroup(address)).toBe(group);
});

describe("sign-ins with a wrong key", () => {
  test("are refused for a while, for that address, and only the wrong ones", async () => {
    let address = "192.0.2.1";
    await using server = new Guarded({ maxSignInFailures: 3, clientAddress: () => address });
    const key = await server.key("runs:read");
    const wrong = () => server.send("GET", BASE, bearer(issueKey().text));
    for (let count = 0; count < 3; count++) expect((await wrong()).status).toBe(401);
    const response = await wrong();
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("20");
    expect(await problemOf(response)).toMatchObject({
      code: "rate_limited",
      detail: "Too many sign-ins with a wrong key; try again in 20 s.",
    });
    const body = { key: "x" };
    expect((await server.send("POST", "/api/session", {}, body)).status).toBe(429);
    // Whoever shares the address and has a key is not locked out; nor is one without any.
    expect((await server.send("GET", BASE, bearer(key))).status).toBe(200);
    expect((await server.send("GET", BASE)).status).toBe(401);
    address = "192.0.2.2";
    expect((await wrong()).status).toBe(401);
    address = "192.0.2.1";
    server.monotonic += 20_000;
    expect((await wrong()).status).toBe(401);
    expect((await wrong()).status).toBe(429);
  });
});

describe("submits", () => {
  test("are limited per key and minute, reruns too, and nothing else is", async () => {
    await using server = new Guarded({ submitsPerMinute: 2 });
    const one = bearer(await server.key("runs:write"));
    const other = bearer(await server.key("admin"));
    expect((await server.send("POST", BASE, one, RUN)).status).toBe(202);
    expect((await server.send("POST", `${BASE}/run_x/rerun`, one)).status).toBe(202);
    for (const path of [BASE, `${BASE}/`, `${BASE}/run_x/rerun`, `${BASE}/run%5fx/rerun`]) {
      const response = await server.send("POST", path, one, RUN);
      expect([path, response.status]).toEqual([path, 429]);
      expect(response.headers.get("retry-after")).toBe("30");
      expect(await problemOf(response)).toMatchObject({ code: "rate_limited" });
    }
    expect((await server.send("POST", `${BASE}/run_x/cancel`, one)).status).toBe(202);
    expect((await server.send("GET", BASE, one)).status).toBe(200);
    expect((await server.send("POST", BASE, other, RUN)).status).toBe(202);
    server.monotonic += 30_000;
    expect((await server.send("POST", BASE, one, RUN)).status).toBe(202);
  });
});
