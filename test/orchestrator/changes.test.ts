import { describe, expect, test } from "bun:test";

import { RunChanges } from "../../src/orchestrator/changes.ts";
import { Dispatches, request, Stage } from "./stage.ts";

describe("RunChanges", () => {
  test("tells every watcher of the run, and nobody else", () => {
    const changes = new RunChanges();
    const told: string[] = [];
    changes.watch("r", () => told.push("one"));
    changes.watch("r", () => told.push("two"));
    changes.watch("other", () => told.push("other"));
    changes.notify("r");
    expect(told).toEqual(["one", "two"]);
    changes.notify("unknown");
    expect(told).toHaveLength(2);
  });

  test("tells nothing more once disposed, which may be done twice", () => {
    const changes = new RunChanges();
    const told: string[] = [];
    const first = changes.watch("r", () => told.push("one"));
    first[Symbol.dispose]();
    changes.notify("r");
    expect(told).toEqual([]);
    changes.watch("r", () => told.push("two"));
    first[Symbol.dispose]();
    changes.notify("r");
    expect(told).toEqual(["two"]);
  });

  test("bears a watcher that leaves while it is told", () => {
    const changes = new RunChanges();
    const told: string[] = [];
    const once = changes.watch("r", () => {
      told.push("once");
      once[Symbol.dispose]();
    });
    changes.watch("r", () => told.push("always"));
    changes.notify("r");
    changes.notify("r");
    expect(told).toEqual(["once", "always", "always"]);
  });

  test("is not confused by run ids that every object has", () => {
    const changes = new RunChanges();
    expect(() => changes.notify("constructor")).not.toThrow();
  });
});

describe("RunChanges.watchAll", () => {
  test("tells of every run, until it is disposed of", () => {
    const changes = new RunChanges();
    const told: (string | undefined)[] = [];
    const watch = changes.watchAll((runId) => told.push(runId));
    changes.notify("one");
    changes.notify("two");
    changes.notifyAnybody();
    watch[Symbol.dispose]();
    changes.notify("three");
    expect(told).toEqual(["one", "two", undefined]);
  });
});

describe("Orchestrator.changes", () => {
  test("tells of each change once it can be read", async () => {
    const stage = new Stage({ dispatches: new Dispatches(() => undefined) });
    const seen: Promise<string>[] = [];
    stage.orchestrator.changes.watch("r", () => {
      seen.push(
        stage.store.findStatus("r").then((status) => {
          const { completedJobs, runningJobs, state } = status!;
          return `${state} ${runningJobs} ${completedJobs}`;
        }),
      );
    });
    await stage.submit(request(2, { runId: "r", concurrency: 1 }));
    for (const nth of [1, 2]) {
      await stage.dispatches.reach(nth);
      stage.dispatches.calls[nth - 1]!.end();
      await stage.observe("job.ended", nth);
    }
    await stage.ended("r");
    await stage.observe("run.ended", 1);
    const told = await Promise.all(seen);
    // Acceptance, a start, an end and a start, an end, and the end of the run.
    expect(told).toHaveLength(6);
    expect(told[0]).toBe("queued 0 0");
    expect(told[1]).toBe("running 1 0");
    expect(told[2]).toMatch(/^running [01] 1$/);
    expect(told.at(-1)).toBe("completed 0 2");
  });
});
