/**
 * GroupWriter: writes that arrive while the database is busy with earlier ones go together in one
 * statement, one statement at a time, so that what a run tells is told in its order.
 */
import { AppError } from "../../domain/errors.ts";
import { nextTurn } from "../../lib/turn.ts";
import { sqlState } from "./errors.ts";

export interface GroupWriterOptions<Write, Answer> {
  /** Writes a group; the answers in its order. An Error as an answer rejects that write alone. */
  readonly apply: (group: readonly Write[]) => Promise<readonly (Answer | Error)[]>;
  /** Of the rows it writes. Two writes of one name never share a group. */
  readonly namesOf: (write: Write) => readonly string[];
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
    const { namesOf, sizeOf } = this.#options;
    const taken = new Set<string>();
    let characters = 0;
    let count = 0;
    for (const { write } of this.#queue) {
      const names = namesOf(write);
      characters += sizeOf(write);
      const full = taken.size + names.length > MAX_ROWS || characters > MAX_CHARACTERS;
      if (count > 0 && (full || names.some((name) => taken.has(name)))) break;
      for (const name of names) taken.add(name);
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

/** Whether the database refused what it was asked, not that it was asked. */
function blamesStatement(error: unknown): boolean {
  return !(error instanceof AppError) && sqlState(error) !== undefined;
}
