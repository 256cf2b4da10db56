/**
 * Two bare Elysia routes with volley's schemas on an SQLite file: a status is one look-up, a submit
 * one synced insert. What the routes of volley would cost if they did nothing else.
 *
 * Arguments: the database file.
 */
import { Database } from "bun:sqlite";

import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";

import { RunId, RunRequest, RunStatus } from "../../../src/domain/run.ts";

const db = new Database(process.argv[2], { create: true, strict: true });
db.run("PRAGMA journal_mode = WAL");
db.run("PRAGMA synchronous = FULL");
db.run(`CREATE TABLE runs (
  runId TEXT PRIMARY KEY, state TEXT, totalJobs INTEGER, completedJobs INTEGER,
  failedJobs INTEGER, queuedJobs INTEGER, runningJobs INTEGER, createdAt TEXT, updatedAt TEXT
) STRICT`);
db.run("CREATE TABLE requests (runId TEXT PRIMARY KEY, request TEXT) STRICT");
db.run("INSERT INTO runs VALUES ('run_1', 'completed', 1, 1, 0, 0, 0, ?1, ?1)", [
  new Date().toISOString(),
]);
const find = db.prepare<RunStatus, [string]>("SELECT * FROM runs WHERE runId = ?");
const insert = db.prepare<never, [string, string]>("INSERT INTO requests VALUES (?, ?)");

const app = new Elysia({ serve: { maxRequestBodySize: 1024 ** 3 } })
  .get(
    "/:runId/status",
    ({ params, status }) => find.get(params.runId) ?? status(404, "There is no such run."),
    { response: { 200: RunStatus, 404: Type.String() } },
  )
  .post(
    "/",
    ({ body, status }) => {
      const runId = `run_${Bun.randomUUIDv7()}`;
      insert.run(runId, JSON.stringify(body));
      return status(202, { runId });
    },
    { body: RunRequest, response: { 202: Type.Object({ runId: RunId }) } },
  )
  .listen({ hostname: "127.0.0.1", port: 0 });
console.log(`http://127.0.0.1:${app.server?.port}`);
