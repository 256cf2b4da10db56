/**
 * Pairs of flags such as --token-env and --token-file, which name where a secret stands. Pure; a
 * fault never shows a secret.
 */
import type { ReadSecret } from "./secret-source.ts";
import { NOT_A_SIGNING_SECRET, parseSigningKeys, type SigningKeys } from "./signature.ts";

export type SecretFlags<Name extends string> = {
  readonly [Key in `${Name}Env` | `${Name}File`]: string | undefined;
};

export interface Named<Value> {
  /** Undefined if no flag names one, or if there are faults. */
  readonly value: Value | undefined;
  readonly faults: readonly string[];
}

/** The secret that one of the two flags names. */
export function namedSecret<Name extends string>(
  values: SecretFlags<Name>,
  name: Name,
  read: ReadSecret,
): Named<string> {
  const env = values[`${name}Env`];
  const file = values[`${name}File`];
  const flag = flagOf(name);
  if (env !== undefined && file !== undefined) {
    return { value: undefined, faults: [`${flag}-env and ${flag}-file: give one of them`] };
  }
  const source = env !== undefined ? { env } : file !== undefined ? { file } : undefined;
  if (!source) return { value: undefined, faults: [] };
  const secret = read(source);
  if ("value" in secret) return { value: secret.value, faults: [] };
  const kind = "env" in source ? "env" : "file";
  return { value: undefined, faults: [`${flag}-${kind}: ${secret.fault}`] };
}

/** The signing keys that one of the two flags names. */
export function namedKeys<Name extends string>(
  values: SecretFlags<Name>,
  name: Name,
  read: ReadSecret,
): Named<SigningKeys> {
  const { faults, value: text } = namedSecret(values, name, read);
  const value = text === undefined ? undefined : parseSigningKeys(text);
  if (text === undefined || value) return { value, faults };
  const env = values[`${name}Env`];
  const flag = `${flagOf(name)}-${env === undefined ? "file" : "env"}`;
  const source = env ?? values[`${name}File`];
  return { value, faults: [`${flag}: ${source} ${NOT_A_SIGNING_SECRET}`] };
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
