import { describe, expect, test } from "bun:test";

import { AppError, ERROR_CODES, runNotFound, StartError } from "../../src/domain/errors.ts";

describe("AppError", () => {
  test("carries its code, its message, its cause and its faults", () => {
    const cause = new Error("disk");
    const faults = [{ path: "/a", message: "Is missing." }];
    const error = new AppError("invalid_request", "The request is not valid.", { cause, faults });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "AppError", code: "invalid_request", cause, faults });
    expect(new AppError("internal", "x").faults).toEqual([]);
  });
});

describe("ERROR_CODES", () => {
  test("are unique snake-case words", () => {
    expect(new Set(ERROR_CODES).size).toBe(ERROR_CODES.length);
    for (const code of ERROR_CODES) expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
  });
});

describe("runNotFound", () => {
  test("names the run, of a long name as much as an id may have", () => {
    expect(runNotFound("r")).toMatchObject({
      code: "run_not_found",
      message: 'There is no run "r".',
    });
    expect(runNotFound("x".repeat(10_000)).message.length).toBeLessThan(200);
  });
});

describe("StartError", () => {
  test("shows every fault on a line of its own", () => {
    const error = new StartError(["one", "two"]);
    expect(error).toMatchObject({
      name: "StartError",
      message: "one\ntwo",
      faults: ["one", "two"],
    });
  });
});
