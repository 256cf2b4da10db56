import { describe, expect, test } from "bun:test";
import { isIP, isIPv4, isIPv6 } from "node:net";

import { isIp, isIpv4, isIpv6 } from "../../src/lib/ip-version.ts";

const TEXTS = [
  "",
  "0.0.0.0",
  "127.0.0.1",
  "255.255.255.255",
  "256.0.0.1",
  "01.2.3.4",
  "1.2.3",
  "1.2.3.4.5",
  "1.2.3.4 ",
  "1.2.3.4\n",
  "0x7f.0.0.1",
  "localhost",
  ":",
  "::",
  ":::",
  "::1",
  "1::",
  ":1",
  "1:",
  "1:2:3:4:5:6:7:8",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4:5:6:7::",
  "::2:3:4:5:6:7:8",
  "1:2:3:4:5:6:7:8::",
  "1::2::3",
  "12345::",
  "g::",
  "2001:DB8::ff",
  "::ffff:1.2.3.4",
  "1:2:3:4:5:6:1.2.3.4",
  "1:2:3:4:5:6:7:1.2.3.4",
  "1.2.3.4::",
  "::1.2.3.256",
  "::01.2.3.4",
  "[::1]",
  "fe80::1%eth0",
  "fe80::1%",
  "fe80::1%a b",
  "fe80::1%a%b",
  "1.2.3.4%eth0",
];

describe("ip version", () => {
  test.each(TEXTS)("says of %j what node:net says", (text) => {
    expect([isIpv4(text), isIpv6(text), isIp(text)]).toEqual([
      isIPv4(text),
      isIPv6(text),
      isIP(text) !== 0,
    ]);
  });
});
