import { describe, expect, test } from "bun:test";

import { codeIn, normalisedError } from "../../src/lib/error-text.ts";

describe("normalisedError", () => {
  test.each([
    [
      "page.goto: net::ERR_CERT_DATE_INVALID at https://shop.example/a?b=1",
      "page.goto: net::ERR_CERT_DATE_INVALID at <url>",
    ],
    ["Timeout 30000ms exceeded.", "Timeout <n>ms exceeded."],
    ['There is no runner named "a b".', "There is no runner named <value>."],
    [
      "Expected 'x' but the page doesn't say it isn't",
      "Expected <value> but the page doesn't say it isn't",
    ],
    ["at 2026-01-02T03:04:05.678Z: boom", "at <time>: boom"],
    ["at 03:04:05: boom", "at <time>: boom"],
    ["run_01a20289-ef39-763d-af90-e7934298e215 is gone", "<id> is gone"],
    ["commit deadbeef1 of facade and 0xff", "commit <id> of facade and <id>"],
    ["line\n  two\t3", "line two <n>"],
    ["status 502 of 3.5 KB, -1", "status <n> of <n> KB, <n>"],
    ["ES2015 and utf8 stay", "ES2015 and utf8 stay"],
  ])("%p becomes %p", (message, text) => {
    expect(normalisedError(message)).toBe(text);
  });

  test("is bounded, whatever the text", () => {
    for (const piece of ['"', "'", "a", "1", "://", "-", "0-", "\u001b["]) {
      expect(normalisedError(piece.repeat(100_000)).length).toBeLessThanOrEqual(300);
    }
  });
});

describe("codeIn", () => {
  test.each<[string, string | undefined]>([
    ["page.goto: net::ERR_CERT_DATE_INVALID at <url>", "ERR_CERT_DATE_INVALID"],
    ["NS_ERROR_UNKNOWN_HOST", "NS_ERROR_UNKNOWN_HOST"],
    ["connect ECONNREFUSED <n>", "ECONNREFUSED"],
    ["getaddrinfo EAI_AGAIN shop", "EAI_AGAIN"],
    ["ENOENT: no such file or directory, open <value>", "ENOENT"],
    ["ERROR: the banner is EMPTY", undefined],
    ["EXPECTED one ELEMENT", undefined],
    ["MYERR_X and ECONNREFUSEDLY", undefined],
  ])("%p has %p", (text, code) => {
    expect(codeIn(text)).toBe(code);
  });
});
