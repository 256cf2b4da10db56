/** A store some calls of which fail, to see what the core makes of it. */
import { AppError } from "../../src/domain/errors.ts";
import type { RunStore } from "../../src/store/store.ts";
import { memoryStore } from "./stage.ts";

export type Method = Exclude<keyof RunStore, "close">;

export interface Faulty {
  readonly store: RunStore;
  /** How many calls failed so far. */
  readonly fired: () => number;
}

/** The store, whose calls of `method` numbered `from` to `to` (from 1) fail as `error` says. */
export function faulty(
  method: Method,
  [from, to]: readonly [number, number],
  error: () => Error = () => new AppError("store_unavailable", "The run store is full."),
): Faulty {
  const store = memoryStore();
  let calls = 0;
  let fired = 0;
  const proxy = new Proxy(store, {
    get(target, name) {
      const member = Reflect.get(target, name, target) as unknown;
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        if (name === method && ++calls >= from && calls <= to) {
          fired++;
          return Promise.reject(error());
        }
        return Reflect.apply(member, target, args) as unknown;
      };
    },
  });
  return { store: proxy, fired: () => fired };
}
