/** Files that a person writes, on whatever system. */
import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { readPrivateKey } from "../../src/lib/pem.ts";
import { readSecretFile } from "../../src/lib/secret-source.ts";
import { readText, readTextFile } from "../../src/lib/text-file.ts";
import { temporaryFolder } from "../support/folder.ts";

/** What `read` makes of a file with these bytes. */
function readAs<Read>(read: (file: string) => Read, content: string | Uint8Array): Read {
  using folder = temporaryFolder();
  const file = join(folder.path, "file");
  writeFileSync(file, content);
  return read(file);
}

const ofOneMiB = (file: string) => readTextFile(file, 1);

describe("a byte order mark at the beginning, which Windows editors write, is none of the text of", () => {
  test("a configuration file", () => {
    expect(readAs(ofOneMiB, "\ufeff{}")).toMatchObject({ text: "{}" });
    expect(readAs(ofOneMiB, "\ufeff\r\n")).toEqual({ fault: "is empty" });
  });

  test("a request", () => {
    expect(readAs(readText, "\ufeff{}\ufeff")).toEqual({ text: "{}\ufeff" });
  });

  test("a secret", () => {
    expect(readAs(readSecretFile, "\ufefft0ken\r\n")).toEqual({ value: "t0ken" });
  });

  test("a private key", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    expect(readAs(readPrivateKey, `\ufeff${pem}`)).toEqual({ pem });
  });
});

test("text in another encoding is refused, not guessed", () => {
  const utf16 = Buffer.from("\ufeff{}", "utf16le");
  expect(readAs(ofOneMiB, utf16)).toEqual({ fault: "is not UTF-8 text" });
  expect(readAs(readText, utf16)).toEqual({ fault: "is not UTF-8 text" });
  expect(readAs(readSecretFile, utf16)).toMatchObject({
    fault: expect.stringContaining("is not UTF-8 text"),
  });
});
