import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { isPair, readCertificates, readPrivateKey } from "../../src/lib/pem.ts";
import { temporaryFolder } from "../support/folder.ts";
import { CA, CA_FILE, CERT_FILE, KEY_FILE, OTHER_KEY_FILE, TLS } from "../support/tls.ts";

/** The fault of a file with this text, without the file's name. */
function faultOf(read: (file: string) => object, text: string): string {
  using folder = temporaryFolder();
  const file = join(folder.path, "x.pem");
  writeFileSync(file, text);
  return (read(file) as { fault: string }).fault.replace(`"${file}" `, "");
}

const DAMAGED = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

describe("readCertificates", () => {
  test("reads all certificates of a file and nothing else in it", () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "bundle.pem");
    writeFileSync(file, `# ours\r\n${TLS.cert}\n${TLS.key}\ntext\n${CA}`);
    const read = readCertificates(file) as { pem: string };
    expect(read.pem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(read.pem).not.toContain("KEY");
  });

  test.each([
    ["an empty file", "", "holds no PEM certificate"],
    ["other text", "nonsense", "holds no PEM certificate"],
    ["a key", TLS.key, "holds no PEM certificate"],
    ["half a file", TLS.cert.slice(0, 200), "holds no PEM certificate"],
    ["a damaged certificate", DAMAGED, "holds a damaged certificate (number 1)"],
    ["a damaged one after another", CA + DAMAGED, "holds a damaged certificate (number 2)"],
  ])("refuses %s", (_what, text, fault) => {
    expect(faultOf(readCertificates, text)).toBe(fault);
  });
});

describe("readPrivateKey", () => {
  test.each([
    ["an empty file", "", "holds no PEM private key"],
    ["other text", "nonsense", "holds no PEM private key"],
    ["a certificate", TLS.cert, "holds no PEM private key"],
    ["an encrypted key", encryptedKey(), "holds an encrypted private key; decrypt it first"],
  ])("refuses %s", (_what, text, fault) => {
    expect(faultOf(readPrivateKey, text)).toBe(fault);
  });
});

describe.each([
  ["readCertificates", readCertificates],
  ["readPrivateKey", readPrivateKey],
])("%s says why a file cannot be read:", (_name, read) => {
  test("it does not exist", () => {
    expect(read("/no/such.pem")).toEqual({
      fault: '"/no/such.pem" cannot be read: it does not exist',
    });
  });

  test("it is a folder", () => {
    using folder = temporaryFolder();
    expect(read(folder.path)).toEqual({
      fault: `"${folder.path}" cannot be read: it is a folder`,
    });
  });
});

test("isPair tells the key of a certificate from another's", () => {
  const { pem: cert } = readCertificates(CERT_FILE) as { pem: string };
  const { pem: key } = readPrivateKey(KEY_FILE) as { pem: string };
  const { pem: other } = readPrivateKey(OTHER_KEY_FILE) as { pem: string };
  expect(isPair({ cert, key })).toBeTrue();
  expect(isPair({ cert, key: other })).toBeFalse();
  const { pem: authority } = readCertificates(CA_FILE) as { pem: string };
  // The server's own certificate comes first, its chain follows.
  expect(isPair({ cert: cert + authority, key })).toBeTrue();
  expect(isPair({ cert: authority + cert, key })).toBeFalse();
});

function encryptedKey(): string {
  return generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: {
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase: "secret",
    },
  }).privateKey;
}
