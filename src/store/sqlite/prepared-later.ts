/** Statements that are prepared when they are first used: a start needs few of those there are. */
import type { Changes, Database, SQLQueryBindings, Statement } from "bun:sqlite";

export class LaterStatement<Row, Params extends SQLQueryBindings[]> {
  readonly sql: string;
  readonly #db: Database;
  #prepared: Statement<Row, Params> | undefined;

  constructor(db: Database, sql: string) {
    this.#db = db;
    this.sql = sql;
  }

  run(...params: Params): Changes {
    return (this.#prepared ??= this.#prepare()).run(...params);
  }

  get(...params: Params): Row | null {
    return (this.#prepared ??= this.#prepare()).get(...params);
  }

  all(...params: Params): Row[] {
    return (this.#prepared ??= this.#prepare()).all(...params);
  }

  finalize(): void {
    this.#prepared?.finalize();
  }

  #prepare(): Statement<Row, Params> {
    return this.#db.prepare<Row, Params>(this.sql) as Statement<Row, Params>;
  }
}

/** `prepare` as the database has it, for statements that are prepared later. */
export function preparedLater(db: Database) {
  return {
    prepare: <Row, Params extends SQLQueryBindings[]>(sql: string) =>
      new LaterStatement<Row, Params>(db, sql),
  };
}
