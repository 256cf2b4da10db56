/** The arguments of volley key, which has a few actions with flags of their own. */
import { fail, type OrchestratorConfig, parse, unexpected } from "../config.ts";
import { StartError } from "../domain/errors.ts";
import { idFrom, type Scope } from "../domain/key.ts";
import { keyFlags } from "../settings.ts";

/** Where the keys are. */
export type KeyPlace = Pick<OrchestratorConfig, "data" | "database" | "databasePrepare">;

export type KeyConfig =
  | (KeyPlace & {
      readonly action: "create";
      readonly name: string;
      readonly scope: Scope;
      /** Milliseconds. Absent: the key does not expire. */
      readonly expires: number | undefined;
    })
  | (KeyPlace & { readonly action: "ls"; readonly json: boolean })
  | (KeyPlace & { readonly action: "revoke"; readonly id: string })
  | { readonly action: "generate" };

/** What `volley key` was asked for. Throws StartError naming every fault. */
export function keyConfig([action = "", ...argv]: readonly string[]): KeyConfig {
  if (action === "create") {
    const { values, positionals, faults } = parse(keyFlags.create, argv);
    const nameless = values.name === undefined ? ["--name is missing"] : [];
    fail([...faults, ...nameless, ...positionals.map(unexpected)]);
    return { action, ...values, name: values.name ?? "" };
  }
  if (action === "ls") {
    const { values, positionals, faults } = parse(keyFlags.list, argv);
    fail([...faults, ...positionals.map(unexpected)]);
    return { action, ...values };
  }
  if (action === "revoke") {
    const { values, positionals, faults } = parse(keyFlags.revoke, argv);
    const [text, ...rest] = positionals;
    const id = text === undefined ? undefined : idFrom(text);
    const missing =
      text === undefined ? "ID is missing" : "ID must be the id of a key, see volley key ls";
    fail([...faults, ...(id === undefined ? [missing] : []), ...rest.map(unexpected)]);
    return { action, ...values, id: id ?? "" };
  }
  if (action === "generate") {
    const { positionals, faults } = parse({}, argv);
    fail([...faults, ...positionals.map(unexpected)]);
    return { action };
  }
  throw new StartError(["volley key needs to be told what to do: create, ls, revoke or generate"]);
}
