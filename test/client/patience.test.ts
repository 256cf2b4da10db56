import { describe, expect, test } from "bun:test";

import { NotVolley, Refusal, ServerAway } from "../../src/client/errors.ts";
import { Patience } from "../../src/client/patience.ts";

const problem = { code: "at_capacity", detail: "Full.", errors: [] };
const refused = new ServerAway("refused the connection", { unsent: true });
const reset = new ServerAway("closed the connection early", { unsent: false });
const full = new Refusal(problem, { status: 429, retryAfterMs: 20 });
const unknown = new Refusal(
  { ...problem, code: "run_not_found" },
  { status: 404, retryAfterMs: undefined },
);

/** Fails with these errors, one after the other, then succeeds. */
function failing(...errors: Error[]) {
  const attempts = { count: 0 };
  const attempt = async (): Promise<string> => {
    const error = errors[attempts.count++];
    if (error) throw error;
    return "done";
  };
  return { attempts, attempt };
}

function patience(limitMs = 60_000) {
  const troubles: (string | undefined)[] = [];
  const onTrouble = (trouble: Error | undefined): void => void troubles.push(trouble?.message);
  return { troubles, patience: new Patience({ limitMs, onTrouble }) };
}

describe("Patience", () => {
  test("repeats what may pass, and says when trouble begins and ends", async () => {
    const { patience: patient, troubles } = patience();
    const { attempt, attempts } = failing(reset, full);
    expect(await patient.until(attempt)).toBe("done");
    expect(attempts.count).toBe(3);
    expect(troubles).toEqual([reset.message, undefined]);
  });

  test.each([
    ["a refusal", unknown],
    ["a stranger", new NotVolley("answered text")],
    ["a defect", new TypeError("x")],
    ["an address where nobody has ever listened", refused],
  ])("does not repeat %s", async (_, error) => {
    const { patience: patient, troubles } = patience();
    const { attempt, attempts } = failing(error, error);
    expect(patient.until(attempt)).rejects.toBe(error);
    expect(attempts.count).toBe(1);
    expect(troubles).toEqual([]);
  });

  test("waits for a server that was there before", async () => {
    const { patience: patient } = patience();
    patient.answered();
    expect(await patient.until(failing(refused).attempt)).toBe("done");
  });

  test("ends with the last error once its limit is reached", async () => {
    const { patience: patient } = patience(0);
    const { attempt, attempts } = failing(reset, reset);
    expect(patient.until(attempt)).rejects.toBe(reset);
    expect(attempts.count).toBe(1);
  });

  test("stops waiting when its signal aborts, but lets an attempt finish", async () => {
    const { patience: patient } = patience();
    const controller = new AbortController();
    const answer = Promise.withResolvers<string>();
    const taken = patient.until(() => answer.promise, controller.signal);
    controller.abort();
    answer.resolve("done");
    expect(await taken).toBe("done");
    const { attempt, attempts } = failing(reset);
    expect(patient.until(attempt, controller.signal)).rejects.toBe(controller.signal.reason);
    expect(attempts.count).toBe(0);
    const waiting = new AbortController();
    const waited = patient.until(failing(reset, reset, reset).attempt, waiting.signal);
    waiting.abort("enough");
    expect(waited).rejects.toBe("enough");
  });
});
