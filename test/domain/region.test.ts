import { describe, expect, test } from "bun:test";

import { parseRegions } from "../../src/domain/region.ts";
import type { ReadSecret } from "../../src/lib/secret-source.ts";
import { CA, CA_FILE, KEY_FILE } from "../support/tls.ts";

const TOKEN = "s3cret-t0ken";
const KEY = Buffer.alloc(24, 7);
const SIGNING_SECRET = `whsec_${KEY.toString("base64")}`;

const SECRETS = new Map([
  ["EU_TOKEN", TOKEN],
  ["/run/token", TOKEN],
  ["EU_SECRET", SIGNING_SECRET],
  ["/run/secret", `${SIGNING_SECRET} whsec_${Buffer.alloc(64, 8).toString("base64")}`],
  ["SHORT", `whsec_${Buffer.alloc(23, 7).toString("base64")}`],
  ["SPACED", `${TOKEN} ${TOKEN}`],
]);
const read: ReadSecret = (source) => {
  const value = SECRETS.get("env" in source ? source.env : source.file);
  return value === undefined ? { fault: "is not there" } : { value };
};
const parse = (value: unknown) => parseRegions(JSON.stringify(value), read);

describe("parseRegions", () => {
  test("reads URLs and objects with a token", () => {
    const { faults, regions } = parse({
      "us-east-1": "http://127.0.0.1:4000/api/runner",
      "eu.west_1": { url: "https://eu.example.com/api/runner", token: TOKEN },
      "9": { url: "https://nine.example.com" },
    });
    expect(faults).toEqual([]);
    expect(Object.fromEntries(regions)).toEqual({
      "us-east-1": { name: "us-east-1", url: "http://127.0.0.1:4000/api/runner" },
      "eu.west_1": { name: "eu.west_1", url: "https://eu.example.com/api/runner", token: TOKEN },
      "9": { name: "9", url: "https://nine.example.com" },
    });
  });

  test("has them by name, in whatever order they are written", () => {
    const { regions } = parse({
      us: "http://u",
      "ap-2": "http://b",
      eu: "http://e",
      ap: "http://a",
    });
    expect([...regions.keys()]).toEqual(["ap", "ap-2", "eu", "us"]);
  });

  test("reads the file of a region's authorities", () => {
    const { faults, regions } = parse({ eu: { url: "https://eu.example.com", ca: CA_FILE } });
    expect(faults).toEqual([]);
    expect(regions.get("eu")).toEqual({ name: "eu", url: "https://eu.example.com", ca: CA });
  });

  test.each<[unknown, string, string]>([
    [7, "https://h", 'region "eu" has a "ca" that is not the path of a PEM file'],
    ["", "https://h", 'region "eu" has a "ca" that is not the path of a PEM file'],
    [CA_FILE, "http://h", 'region "eu" has a "ca" for an endpoint that is not https:'],
    [
      "/no/such.pem",
      "https://h",
      'region "eu" has a "ca" whose file "/no/such.pem" cannot be read: it does not exist',
    ],
    [
      KEY_FILE,
      "https://h",
      `region "eu" has a "ca" whose file "${KEY_FILE}" holds no PEM certificate`,
    ],
  ])("refuses the authorities %p of %s", (ca, url, fault) => {
    expect(parse({ eu: { url, ca } })).toEqual({ regions: new Map(), faults: [fault] });
  });

  test("looks up a token and a signing secret where the entry says", () => {
    const url = "http://h";
    const { faults, regions } = parse({
      env: { url, tokenEnv: "EU_TOKEN", signingSecretEnv: "EU_SECRET" },
      file: { url, tokenFile: "/run/token", signingSecretFile: "/run/secret" },
      both: { url, token: TOKEN, signingSecretEnv: "EU_SECRET" },
    });
    expect(faults).toEqual([]);
    expect(regions.get("env")).toEqual({ name: "env", url, token: TOKEN, signingKeys: [KEY] });
    expect(regions.get("file")?.token).toBe(TOKEN);
    expect(regions.get("file")?.signingKeys).toEqual([KEY, Buffer.alloc(64, 8)]);
    expect(regions.get("both")?.signingKeys).toEqual([KEY]);
  });

  test("allows no regions", () => {
    expect(parseRegions("{}", read)).toEqual({ regions: new Map(), faults: [] });
  });

  test.each([
    ["https://h", "https://h"],
    ["https://h/", "https://h"],
    ["https://h/api///", "https://h/api"],
    ["HTTPS://EU.Example.com:443/Api/", "https://eu.example.com/Api"],
    ["http://[::1]:4000/r", "http://[::1]:4000/r"],
  ])("makes the endpoint %s a base without a trailing slash", (url, base) => {
    expect(parse({ r: url }).regions.get("r")?.url).toBe(base);
    expect(parse({ r: { url } }).regions.get("r")?.url).toBe(base);
  });

  test.each(["", "{", "nonsense", "{'a':'b'}", '{"a":"http://h",}', "undefined"])(
    "refuses %p: not JSON",
    (json) => {
      expect(parseRegions(json, read)).toEqual({
        regions: new Map(),
        faults: ["is not valid JSON"],
      });
    },
  );

  test.each(["null", "[]", '["http://h"]', '"http://h"', "1", "true"])(
    "refuses %s: not an object",
    (json) => {
      expect(parseRegions(json, read)).toEqual({
        regions: new Map(),
        faults: ["must be a JSON object from region name to endpoint URL"],
      });
    },
  );

  test.each<[unknown, string]>([
    ["", "not an absolute URL"],
    ["localhost:4000", "scheme"],
    ["/api/runner", "not an absolute URL"],
    ["http://", "not an absolute URL"],
    ["http://h:99999", "not an absolute URL"],
    ["ftp://h/", '"ftp:"'],
    ["file:///etc/passwd", '"file:"'],
    ["data:text/plain,x", '"data:"'],
    ["http://user@h/", "user or password"],
    ["http://user:pass@h/", "user or password"],
    ["http://:pass@h/", "user or password"],
    ["http://h/#top", "fragment"],
    ["http://h/#", "fragment"],
    ["http://h/?a=1", "query"],
    ["http://h/api?", "query"],
    [1, "must be a URL or an object"],
    [null, "must be a URL or an object"],
    [["http://h"], "must be a URL or an object"],
    [{}, 'has no "url"'],
    [{ token: TOKEN }, 'has no "url"'],
    [{ url: 1 }, 'has no "url"'],
    [{ url: "http://h", token: "" }, '"token"'],
    [{ url: "http://h", token: 1 }, '"token"'],
    [{ url: "http://h", token: null }, '"token"'],
    [{ url: "http://h", token: `${TOKEN}\r\nX-Injected: 1` }, '"token"'],
    [{ url: "http://h", token: `${TOKEN} with space` }, '"token"'],
    [{ url: "http://h", tokn: TOKEN }, 'unknown field "tokn"'],
    [{ url: "ftp://h", token: TOKEN }, '"ftp:"'],
    [{ url: "http://h", token: TOKEN, tokenEnv: "EU_TOKEN" }, 'both "token" and "tokenEnv"'],
    [{ url: "http://h", tokenEnv: "A", tokenFile: "b" }, 'both "tokenEnv" and "tokenFile"'],
    [{ url: "http://h", tokenEnv: "NONE" }, '"tokenEnv" that cannot be used: is not there'],
    [{ url: "http://h", tokenEnv: "SPACED" }, '"token" that is not'],
    [{ url: "http://h", tokenFile: 1 }, '"tokenFile" that is not'],
    [{ url: "http://h", signingSecretFile: "/none" }, '"signingSecretFile" that cannot be used'],
    [{ url: "http://h", signingSecretEnv: "SHORT" }, "24 to 64 bytes"],
    [{ url: "http://h", signingSecretEnv: "EU_TOKEN" }, "whsec_"],
    [{ url: "http://h", signingSecret: SIGNING_SECRET }, 'unknown field "signingSecret"'],
  ])("refuses the entry %j and says why, without a token", (entry, why) => {
    const { faults, regions } = parse({ "eu-west-1": entry });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toStartWith('region "eu-west-1" ');
    expect(faults[0]).toContain(why);
    expect(faults[0]).not.toContain(TOKEN);
    expect(faults[0]).not.toContain("pass@");
    expect(regions.size).toBe(0);
  });

  test.each([
    "",
    "__proto__",
    "-eu",
    ".eu",
    "_eu",
    "eu west",
    "eu/west",
    "eu\n",
    "région",
    "a".repeat(64),
  ])("refuses the name %j", (name) => {
    // Written out: a literal with __proto__ would set a prototype instead.
    const { faults, regions } = parseRegions(`{${JSON.stringify(name)}: "http://h"}`, read);
    expect(faults).toEqual([expect.stringContaining(JSON.stringify(name))]);
    expect(regions.size).toBe(0);
  });

  test("allows a name of 63 characters", () => {
    expect(parse({ ["a".repeat(63)]: "http://h" }).regions.size).toBe(1);
  });

  test("finds no region that is merely a property of every object", () => {
    const { regions } = parse({ eu: "http://h" });
    for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
      expect(regions.has(name)).toBe(false);
    }
  });

  test("keeps a region named constructor as any other", () => {
    const { faults, regions } = parse({ constructor: "http://h" });
    expect(faults).toEqual([]);
    expect([...regions.keys()]).toEqual(["constructor"]);
  });

  test("reports every faulty entry and keeps the sound ones", () => {
    const { faults, regions } = parseRegions(
      `{
      "ok": "http://h",
      "__proto__": "http://h",
      "a": "ftp://h",
      "b": {"url": "http://h", "token": 7},
      "c": "http://u:p@h"
    }`,
      read,
    );
    expect(faults).toHaveLength(4);
    for (const [index, name] of ["__proto__", "a", "b", "c"].entries()) {
      expect(faults[index]).toContain(`region "${name}"`);
    }
    expect([...regions.keys()]).toEqual(["ok"]);
  });

  test.each<[string, string[]]>([
    [`{"eu": "http://h", "eu": "http://i"}`, ['region "eu" is there twice']],
    [`{"\\u0065u": "http://h", "eu": "http://i"}`, ['region "eu" is there twice']],
    [`{"eu": "http://h", "eu": "http://i", "eu": "http://j"}`, ['region "eu" is there 3 times']],
    [`{"http://u:p@h": "eu", "http://u:p@h": "us"}`, ["entry 1 is there twice", "entry 1 is not"]],
    [`{"eu": {"url": "http://h", "url": "http://i"}}`, ['region "eu" has "url" twice']],
    [`{"eu": {"url": "http://h"}, "us": {"url": "http://h"}}`, []],
    [`{"eu": "http://h/,\\"eu\\":", "us": "http://h"}`, []],
  ])("finds what is given more than once in %s", (json, said) => {
    const { faults } = parseRegions(json, read);
    expect(faults).toEqual(said.map((text) => expect.stringContaining(text)));
  });
});
