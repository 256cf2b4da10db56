/** Flags of how secrets are kept out of what is stored, logged and shown. */
import { type Flag, type FlagTable, list, text } from "../lib/flags.ts";

/** What names of secrets end with, unless an operator says otherwise. */
const SECRET_KEYS: readonly string[] = [
  "password",
  "passwd",
  "passphrase",
  "passcode",
  "secret",
  "token",
  "api_key",
  "private_key",
  "authorization",
  "cookie",
  "credential",
  "credentials",
  "otp",
];

const names = list({
  about: "endings of names whose values are hidden; off: none",
  separator: /[\s,]+/,
  word: /^[^\s,"\\]+$/,
});

const redact: Flag<readonly string[]> = {
  ...names,
  placeholder: "NAMES",
  fallback: SECRET_KEYS,
  shown: "password, secret, token and their like",
  parse: (value) => (value === "off" ? [] : names.parse(value)),
};

export const secretFlags = {
  redact,
  sealKeyFile: text({
    placeholder: "FILE",
    about: "key that seals secrets in the run store; made if missing (default DATA/volley.key)",
    fallback: undefined,
  }),
} satisfies FlagTable;
