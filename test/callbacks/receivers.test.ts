/** Where callbacks may lead: every spelling of a place that is nobody's business is refused. */
import { describe, expect, test } from "bun:test";

import { isReceiver, Receivers } from "../../src/callbacks/receivers.ts";
import { parseAddress } from "../../src/lib/ip-address.ts";

/** Hosts that say by themselves that they are not public, as somebody might spell them. */
const REFUSED: readonly (readonly [host: string, what: string])[] = [
  ["127.0.0.1", "loopback"],
  ["127.0.0.1.", "loopback"],
  ["127.1", "loopback"],
  ["127.255.255.254", "loopback"],
  ["2130706433", "loopback"],
  ["0x7f000001", "loopback"],
  ["0x7f.1", "loopback"],
  ["0177.0.0.1", "loopback"],
  ["017700000001", "loopback"],
  ["①②⑦.⓪.⓪.①", "loopback"],
  ["127。0。0。1", "loopback"],
  ["%31%32%37.0.0.1", "loopback"],
  ["localhost", "loopback"],
  ["LOCALHOST", "loopback"],
  ["localhost.", "loopback"],
  ["localhost%2e", "loopback"],
  ["api.localhost", "loopback"],
  ["[::1]", "loopback"],
  ["[0:0:0:0:0:0:0:1]", "loopback"],
  ["[::ffff:127.0.0.1]", "loopback"],
  ["[::ffff:7f00:1]", "loopback"],
  ["[0:0:0:0:0:ffff:7f00:1]", "loopback"],
  ["[64:ff9b::127.0.0.1]", "loopback"],
  ["[64:ff9b::7f00:1]", "loopback"],
  ["10.0.0.1", "private"],
  ["10.1", "private"],
  ["012.0.0.1", "private"],
  ["172.16.0.1", "private"],
  ["172.31.255.255", "private"],
  ["192.168.1.1", "private"],
  ["3232235777", "private"],
  ["100.64.0.1", "private"],
  ["100.127.255.255", "private"],
  ["198.18.0.1", "private"],
  ["[fd12:3456::1]", "private"],
  ["[fc00::1]", "private"],
  ["[fec0::1]", "private"],
  ["[::ffff:10.0.0.1]", "private"],
  ["[64:ff9b::192.168.0.1]", "private"],
  ["169.254.169.254", "link-local or metadata"],
  ["169.254.0.1", "link-local or metadata"],
  ["2852039166", "link-local or metadata"],
  ["0xa9fea9fe", "link-local or metadata"],
  ["[::ffff:169.254.169.254]", "link-local or metadata"],
  ["[fe80::1]", "link-local or metadata"],
  ["[febf::1]", "link-local or metadata"],
  ["[fd00:ec2::254]", "link-local or metadata"],
  ["[fd20:ce::254]", "link-local or metadata"],
  ["100.100.100.200", "link-local or metadata"],
  ["168.63.129.16", "link-local or metadata"],
  ["192.0.0.192", "link-local or metadata"],
  ["0", "no host"],
  ["0.0.0.0", "no host"],
  ["0.1.2.3", "no host"],
  ["[::]", "no host"],
  ["[::127.0.0.1]", "no host"],
  ["[::ffff:0.0.0.0]", "no host"],
  ["[2002:7f00:1::]", "no host"],
  ["[2002:a00:1::1]", "no host"],
  ["[2001:0:7f00:1::]", "no host"],
  ["[64:ff9b:1::7f00:1]", "no host"],
  ["[2001:db8::1]", "no host"],
  ["[3fff::1]", "no host"],
  ["[100::1]", "no host"],
  ["[4000::1]", "no host"],
  ["[ff02::1]", "no host"],
  ["224.0.0.1", "no host"],
  ["239.255.255.250", "no host"],
  ["240.0.0.1", "no host"],
  ["255.255.255.255", "no host"],
  ["192.0.0.8", "no host"],
  ["192.0.2.1", "no host"],
  ["198.51.100.1", "no host"],
  ["203.0.113.7", "no host"],
  ["192.88.99.1", "no host"],
];

const PUBLIC = [
  "1.1.1.1",
  "8.8.8.8",
  "9.255.255.255",
  "11.0.0.1",
  "100.63.255.255",
  "100.128.0.1",
  "126.255.255.255",
  "128.0.0.1",
  "169.253.0.1",
  "172.15.255.255",
  "172.32.0.1",
  "192.167.0.1",
  "198.20.0.1",
  "223.255.255.255",
  "[2606:4700:4700::1111]",
  "[2a00:1450::1]",
  "[::ffff:8.8.8.8]",
  "[64:ff9b::8.8.8.8]",
  "hooks.example.com",
  "localhost.example.com",
  "notlocalhost",
];

const nobody = new Receivers([]);

describe("Receivers", () => {
  test.each(REFUSED)("refuses https://%s/: %s", (host, what) => {
    for (const url of [`https://${host}/`, `https://${host}:8443/hook?a=1`]) {
      expect(nobody.refusal(url)).toContain(what);
    }
  });

  test.each(PUBLIC)("lets https://%s/ pass, and http nowhere", (host) => {
    expect(nobody.refusal(`https://${host}/hook`)).toBeUndefined();
    expect(nobody.refusal(`http://${host}/hook`)).toContain("https://");
  });

  test.each([
    ["", "valid URL"],
    ["hooks.example.com", "valid URL"],
    ["https://", "valid URL"],
    ["https://[fe80::1%25eth0]/", "valid URL"],
    ["https://127.0.0.1%00/", "valid URL"],
    ["ftp://hooks.example.com/", "https://"],
    ["file:///etc/passwd", "https://"],
    ["gopher://127.0.0.1:6379/_", "https://"],
    ["https://user@hooks.example.com/", "user or password"],
    ["https://user:pass@hooks.example.com/", "user or password"],
    ["https://1.1.1.1@127.0.0.1/", "user or password"],
    ["https://hooks.example.com/#top", "fragment"],
  ])("refuses %j", (url, why) => expect(nobody.refusal(url)).toContain(why));

  test("judges each address a name leads to, and shows none of them", () => {
    const url = new URL("https://hooks.example.com/");
    const refusal = (text: string) => nobody.addressRefusal(url, parseAddress(text) ?? []);
    for (const text of ["127.0.0.1", "10.1.2.3", "::1", "fe80::1%eth0", "::ffff:10.1.2.3"]) {
      expect(refusal(text)).toMatch(/^Leads to a[^0-9]+ address, which is not allowed\.$/);
    }
    expect(refusal("93.184.216.34")).toBeUndefined();
  });

  test("opens what an operator names: a host its private addresses, a range what lies in it", () => {
    const some = new Receivers(["ci.internal", "10.1.0.0/16", "[fd00::1]", "192.168.7.7"]);
    const at = (url: string, text: string) =>
      some.addressRefusal(new URL(url), parseAddress(text) ?? []);
    for (const address of ["10.9.9.9", "127.0.0.1", "fd99::1", "93.184.216.34"]) {
      expect(at("http://CI.internal./hook", address)).toBeUndefined();
      expect(at("https://other.internal/", address) === undefined).toBe(address.startsWith("93"));
    }
    expect(some.refusal("http://10.1.255.255:8080/")).toBeUndefined();
    expect(some.refusal("http://[::ffff:10.1.2.3]/")).toBeUndefined();
    expect(some.refusal("http://[fd00::1]/")).toBeUndefined();
    expect(some.refusal("http://192.168.7.7/")).toBeUndefined();
    expect(some.refusal("http://10.2.0.1/")).toContain("private");
    expect(some.refusal("http://[fd00::2]/")).toContain("private");
    // Whether this name lies in one of the ranges is known when it is resolved.
    expect(some.refusal("http://other.internal/")).toBeUndefined();
    expect(at("http://other.internal/", "10.1.0.9")).toBeUndefined();
    expect(at("http://other.internal/", "93.184.216.34")).toContain("https://");
  });

  test("opens link-local addresses by range only, and reserved ones never", () => {
    const url = new URL("http://metadata.internal/");
    const metadata = parseAddress("169.254.169.254") ?? [];
    expect(new Receivers(["metadata.internal"]).addressRefusal(url, metadata)).toContain(
      "metadata",
    );
    expect(new Receivers(["169.254.169.254"]).addressRefusal(url, metadata)).toBeUndefined();
    for (const text of ["0.0.0.0", "224.0.0.1", "::", "ff02::1", "255.255.255.255"]) {
      const all = new Receivers(["0.0.0.0/0", "::/0", "metadata.internal"]);
      expect(all.addressRefusal(url, parseAddress(text) ?? [])).toContain("no host");
    }
  });
});

describe("isReceiver", () => {
  test.each([
    "localhost",
    "ci.internal",
    "CI_2.internal",
    "10.0.0.0/8",
    "::1",
    "[::1]",
    "fd00::/8",
  ])("takes %s", (word) => expect(isReceiver(word)).toBeTrue());
  test.each([
    "",
    "*",
    "*.internal",
    "https://ci",
    "ci:8080",
    "10.0.0.0/33",
    "::/129",
    "10.0.0",
    "a..b",
    "-a",
    "300.1.1.1",
    "10.0.0.0/",
    "1::2::3",
  ])("refuses %j", (word) => expect(isReceiver(word)).toBeFalse());
});
