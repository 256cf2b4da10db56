/**
 * A process that writes through the store without end and prints what it was promised: `run ID`
 * once a run is durable, `job ID INDEX` once a job's end is kept, `end ID` once a run's end is.
 */
import { openDatabase } from "../../../src/store/sqlite/open.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { answered, created, endMoment, execute, newRun, unreachable } from "../fixture.ts";

const [, , path = "", round = ""] = process.argv;
const store = new SqliteStore(openDatabase(path));

async function writer(name: string): Promise<never> {
  for (let count = 0; ; count++) {
    const runId = `${round}-${name}-${count}`;
    const run = await created(store, newRun(runId, { jobs: 5, runners: 2 }));
    console.log(`run ${runId}`);
    for (let at = 0; at < 5; at++) {
      await execute(store, run, at, at % 2 ? unreachable : answered("pass", "fail"));
      console.log(`job ${runId} ${at}`);
    }
    await store.endRun(run, "failed", endMoment(Date.now(), 1));
    console.log(`end ${runId}`);
  }
}

await Promise.all(["a", "b", "c", "d"].map(writer));
