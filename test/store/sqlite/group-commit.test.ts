import type { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";

import { GroupCommit } from "../../../src/store/sqlite/group-commit.ts";
import { openDatabase } from "../../../src/store/sqlite/open.ts";

let db: Database;
let commits: GroupCommit;
/** What the group commit asked of the database, and when its hooks ran. */
let trace: string[];
/** How long each commit took, as it was told. */
let committed: number[];

beforeEach(() => {
  db = openDatabase(":memory:");
  db.run("CREATE TABLE t (a INTEGER UNIQUE CHECK (a < 100)) STRICT");
  trace = [];
  committed = [];
  traceStatements();
  commits = new GroupCommit(db, {
    beforeCommit: () => trace.push("before commit"),
    afterRollback: () => trace.push("after rollback"),
    committed: (ms) => committed.push(ms),
  });
});

afterEach(() => db.close());

/** Notes what runs of the database's own statements, at once or prepared. */
function traceStatements(): void {
  const { prepare, run } = db;
  db.run = ((sql: string) => {
    if (!sql.startsWith("INSERT")) trace.push(sql);
    return run.call(db, sql);
  }) as typeof db.run;
  db.prepare = ((sql: string) => {
    const statement = prepare.call(db, sql);
    const once = statement.run.bind(statement);
    statement.run = () => {
      trace.push(sql);
      return once();
    };
    return statement;
  }) as typeof db.prepare;
}

const insert = (value: number) => (): number => {
  db.run(`INSERT INTO t VALUES (${value})`);
  return value;
};
const rows = (): unknown[] => db.query("SELECT a FROM t ORDER BY a").values().flat();

describe("GroupCommit", () => {
  test("puts the writes of one tick into one transaction, in their order", async () => {
    const writes = [3, 1, 2].map((value) => commits.write("durable", insert(value)));
    expect(trace).toEqual([]);
    expect(await Promise.all(writes)).toEqual([3, 1, 2]);
    expect(trace).toEqual(["BEGIN IMMEDIATE", "before commit", "COMMIT"]);
    expect(rows()).toEqual([1, 2, 3]);
  });

  test("settles a write only after its commit", async () => {
    await commits.write("durable", insert(1)).then(() => trace.push("settled"));
    expect(trace.at(-1)).toBe("settled");
    expect(trace.indexOf("settled")).toBeGreaterThan(trace.indexOf("COMMIT"));
  });

  test("lets one failing write spoil nobody else's", async () => {
    const outcomes = await Promise.allSettled([
      commits.write("progress", insert(1)),
      commits.write("progress", insert(1)),
      commits.write("durable", insert(200)),
      commits.write("durable", insert(2)),
      commits.write("progress", () => {
        throw new TypeError("defect");
      }),
      commits.write("progress", insert(3)),
    ]);
    expect(outcomes.map(({ status }) => status === "fulfilled")).toEqual([
      true,
      false,
      false,
      true,
      false,
      true,
    ]);
    expect(rows()).toEqual([1, 2, 3]);
    expect(db.inTransaction).toBe(false);
    expect(outcomes[1]).toMatchObject({ reason: { code: "SQLITE_CONSTRAINT_UNIQUE" } });
    expect(outcomes[4]).toMatchObject({ reason: { name: "TypeError", message: "defect" } });
  });

  test("undoes all of a write that fails halfway", async () => {
    const half = commits.write("durable", () => {
      insert(1)();
      insert(200)();
    });
    const other = commits.write("durable", insert(2));
    await expect(half).rejects.toMatchObject({ code: "SQLITE_CONSTRAINT_CHECK" });
    await other;
    expect(rows()).toEqual([2]);
  });

  test("forgets what it would have added when it rolls back", async () => {
    await Promise.allSettled([
      commits.write("durable", insert(1)),
      commits.write("durable", insert(200)),
    ]);
    const rollbacks = trace.filter((entry) => entry === "after rollback");
    expect(rollbacks).toHaveLength(trace.filter((entry) => entry === "ROLLBACK").length);
    expect(rollbacks.length).toBeGreaterThan(0);
  });

  test("tells how long each commit took, and nothing of those that failed", async () => {
    await Promise.all([1, 2].map((value) => commits.write("durable", insert(value))));
    await commits.write("durable", insert(200)).catch(() => {});
    expect(committed).toEqual([expect.any(Number)]);
    expect(committed[0]).toBeGreaterThanOrEqual(0);
  });

  test("goes on after a failure", async () => {
    await commits.write("durable", insert(200)).catch(() => {});
    expect(await commits.write("durable", insert(5))).toBe(5);
    expect(rows()).toEqual([5]);
  });

  test("waits for the disk only when a write of the group asks for it", async () => {
    const levels: unknown[] = [];
    const look = () => levels.push(db.query("PRAGMA synchronous").values()[0]?.[0]);
    await commits.write("progress", look);
    await Promise.all([commits.write("progress", look), commits.write("durable", look)]);
    await commits.write("progress", look);
    await commits.write("durable", look);
    expect(levels).toEqual([1, 2, 2, 1, 2]);
  });

  test("commits what is queued when it closes, and refuses more", async () => {
    const queued = [1, 2].map((value) => commits.write("progress", insert(value)));
    commits.close();
    expect(rows()).toEqual([1, 2]);
    expect(await Promise.all(queued)).toEqual([1, 2]);
    await expect(commits.write("durable", insert(3))).rejects.toMatchObject({
      code: "store_unavailable",
    });
    await new Promise(setImmediate);
    expect(rows()).toEqual([1, 2]);
  });

  test("refuses as unavailable while the disk is full, and goes on once there is room", async () => {
    db.run("CREATE TABLE big (a BLOB) STRICT");
    const grow = (): void => void db.run("INSERT INTO big VALUES (zeroblob(100000))");
    const [[pages]] = db.query("PRAGMA page_count").values() as [[number]];
    db.run(`PRAGMA max_page_count = ${pages}`);
    const [refused, small] = await Promise.allSettled([
      commits.write("durable", grow),
      commits.write("durable", insert(1)),
    ]);
    expect(refused).toMatchObject({
      status: "rejected",
      reason: { code: "store_unavailable", message: "The run store is full." },
    });
    expect(small.status).toBe("fulfilled");
    db.run("PRAGMA max_page_count = 1000000");
    await commits.write("durable", grow);
    expect(db.query("SELECT count(*) FROM big").values()).toEqual([[1]]);
  });
});
