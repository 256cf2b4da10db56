import { describe, expect, test } from "bun:test";

import { isWithin, parseAddress, parseRange } from "../../src/lib/ip-address.ts";

const groups = (...numbers: number[]) => numbers.flatMap((group) => [group >> 8, group & 255]);

describe("parseAddress", () => {
  test.each<[string, number[]]>([
    ["1.2.3.4", [1, 2, 3, 4]],
    ["255.255.255.255", [255, 255, 255, 255]],
    ["::", groups(0, 0, 0, 0, 0, 0, 0, 0)],
    ["::1", groups(0, 0, 0, 0, 0, 0, 0, 1)],
    ["1::", groups(1, 0, 0, 0, 0, 0, 0, 0)],
    ["[2001:DB8::ff]", groups(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0xff)],
    ["1:2:3:4:5:6:7:8", groups(1, 2, 3, 4, 5, 6, 7, 8)],
    ["1:2:3:4:5:6:7::", groups(1, 2, 3, 4, 5, 6, 7, 0)],
    ["1:2:3:4:5:6:1.2.3.4", groups(1, 2, 3, 4, 5, 6, 0x102, 0x304)],
    ["fe80::1%eth0", groups(0xfe80, 0, 0, 0, 0, 0, 0, 1)],
    ["::ffff:1.2.3.4", [1, 2, 3, 4]],
    ["::ffff:102:304", [1, 2, 3, 4]],
    ["64:ff9b::102:304", [1, 2, 3, 4]],
    ["::1.2.3.4", groups(0, 0, 0, 0, 0, 0, 0x102, 0x304)],
  ])("reads %s", (text, bytes) => expect(parseAddress(text)).toEqual(bytes));

  test.each([
    "",
    "1.2.3",
    "1.2.3.256",
    "1.2.3.4.5",
    "0x7f.0.0.1",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "12345::",
    "g::",
    "::1.2.3.256",
    "1.2.3.4::",
    "1:2:3:4:5:6:7:1.2.3.4",
    "localhost",
  ])("refuses %j", (text) => expect(parseAddress(text)).toBeUndefined());
});

describe("isWithin", () => {
  test.each<[string, string, boolean]>([
    ["10.255.0.1", "10.0.0.0/8", true],
    ["11.0.0.0", "10.0.0.0/8", false],
    ["172.31.255.255", "172.16.0.0/12", true],
    ["172.32.0.0", "172.16.0.0/12", false],
    ["1.2.3.4", "0.0.0.0/0", true],
    ["1.2.3.4", "1.2.3.4", true],
    ["1.2.3.5", "1.2.3.4/32", false],
    ["1.2.3.5", "1.2.3.4/31", true],
    ["fdff::", "fc00::/7", true],
    ["fe00::", "fc00::/7", false],
    ["::1", "0.0.0.0/0", false],
    ["1.2.3.4", "::/0", false],
  ])("says of %s in %s: %p", (address, range, expected) => {
    expect(isWithin(parseAddress(address)!, parseRange(range)!)).toBe(expected);
  });
});
