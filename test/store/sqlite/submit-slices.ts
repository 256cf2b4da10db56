/**
 * A process that submits a run of many jobs and says so once some of them, and not all, are in the
 * file; it waits to be killed.
 */
import { openDatabase } from "../../../src/store/sqlite/open.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { newRun } from "../fixture.ts";

const [, , path = "", jobs = ""] = process.argv;
const db = openDatabase(path);
let commits = 0;
new SqliteStore(db, {
  committed: () => {
    // The first reserves the key, the second and third bring jobs.
    if (++commits < 3) return;
    console.log(db.query("SELECT count(*) FROM jobs").values().join());
    Bun.sleepSync(60_000);
  },
}).submit(newRun("big", { jobs: Number(jobs) }));
