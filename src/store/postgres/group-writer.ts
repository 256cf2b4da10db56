/**
 * GroupWriter: writes that arrive while the database is busy with earlier ones go together in one
 * statement, one statement at a time, so that what a run tells is told in its order.
 */
import { AppError } from "../../domain/errors.ts";
import { nextTurn } from "../../lib/turn.ts";
import { sqlState } from "./errors.ts";

/** Jobs of a run, or the run alone. */
export interface Rows {
  readonly run: number;
  readonly positions: readonly number[];
}

export interface GroupWriterOptions<Write, Answer> {
  /** Writes a group; the answers in its order. An Error as an answer rejects that write alone. */
  readonly apply: (group: readonly Write[]) => Promise<readonly (Answer | Error)[]>;
  /** The rows it writes. Two writes of one row never share a group. */
  readonly rowsOf: (write: Write) => readonly Rows[];
  /** How much a write adds to its group, in characters. */
  readonly sizeOf: (write: Write) => number;
}

const nothing = (): void => {};

export const MAX_ROWS = 500;
export const MAX_CHARACTERS = 8 * 1024 ** 2;

interface Waiting<Write, Answer> {
  readonly write: Write;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export class GroupWriter<Write, Answer> {
  readonly #options: GroupWriterOptions<Write, Answer>;
  #queue: Waiting<Write, Answer>[] = [];
  #writing: Promise<void> | undefined;

  constructor(options: GroupWriterOptions<Write, Answer>) {
    this.#options = options;
  }

  write(write: Write): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ write, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  /** Resolves once everything handed over so far has been written or refused. */
  async idle(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    let tell = nothing;
    // What else comes in this turn belongs to the same group.
    await nextTurn();
    while (this.#queue.length > 0) {
      const applied = this.#apply(this.#next());
      // The database works on this group while others work on the answers to the one before.
      await nextTurn();
      tell();
      tell = await applied;
    }
    this.#writing = undefined;
    tell();
  }

  #next(): Waiting<Write, Answer>[] {
    const { rowsOf, sizeOf } = this.#options;
    const taken = new Map<number, Set<number>>();
    let characters = 0;
    let rows = 0;
    let count = 0;
    for (const { write } of this.#queue) {
      const parts = rowsOf(write);
      characters += sizeOf(write);
      rows += parts.reduce((sum, { positions }) => sum + positions.length, 0);
      const full = rows > MAX_ROWS || characters > MAX_CHARACTERS;
      if (count > 0 && (full || parts.some((part) => overlaps(part, taken)))) break;
      for (const part of parts) take(part, taken);
      count++;
    }
    return this.#queue.splice(0, count);
  }

  /** Writes a group. Resolves with what tells the answers to those who wait for them. */
  async #apply(group: readonly Waiting<Write, Answer>[]): Promise<() => void> {
    let answers: readonly (Answer | Error)[];
    try {
      answers = await this.#options.apply(group.map(({ write }) => write));
    } catch (error) {
      if (group.length > 1 && blamesStatement(error)) {
        // One write spoils a group only for itself.
        for (const one of group) (await this.#apply([one]))();
        return nothing;
      }
      return () => {
        for (const { reject } of group) reject(error);
      };
    }
    return () => {
      for (const [index, { reject, resolve }] of group.entries()) {
        const answer = answers[index] as Answer | Error;
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      }
    };
  }
}

function overlaps({ positions, run }: Rows, taken: ReadonlyMap<number, Set<number>>): boolean {
  const those = taken.get(run);
  return those !== undefined && positions.some((position) => those.has(position));
}

function take({ positions, run }: Rows, taken: Map<number, Set<number>>): void {
  const those = taken.get(run);
  if (!those) taken.set(run, new Set(positions));
  else for (const position of positions) those.add(position);
}

/** Whether the database refused what it was asked, not that it was asked. */
function blamesStatement(error: unknown): boolean {
  return !(error instanceof AppError) && sqlState(error) !== undefined;
}
