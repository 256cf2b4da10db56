/**
 * The input of a runner against its schema, inside a host: any Standard Schema, asynchronous ones
 * included. What the schema answers is what the runner gets, defaults and all.
 */
import { dirname } from "node:path";

import type { ZodType } from "zod";

import type { SchemaReference } from "./input-schema.ts";
import { thrownText } from "./reply.ts";
import { RunnerFault } from "./runner-errors.ts";
import { exposedName } from "./sdk/source-plugin.ts";

type Module = Readonly<Record<string, unknown>>;

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[];
}

/** https://standardschema.dev, and what of its JSON Schema extension is used here. */
interface StandardSchema {
  readonly "~standard": {
    readonly validate: (value: unknown) => unknown;
    readonly jsonSchema?: {
      readonly input?: (options: {
        readonly target: string;
        readonly libraryOptions: Readonly<Record<string, unknown>>;
      }) => unknown;
    };
  };
}

/** Issues shown of one input. */
const MAX_ISSUES = 50;

/** The schema a runner names, or undefined if what it names is none. Throws RunnerFault. */
export async function inputSchemaOf(
  reference: SchemaReference,
  module: Module,
  path: string,
): Promise<StandardSchema | undefined> {
  const [, ...members] = reference.expression.split(".");
  let value: unknown;
  try {
    value = await rootOf(reference, module, path);
    for (const member of members) value = (value as Module | undefined)?.[member];
  } catch (error) {
    throw schemaFault(reference, `cannot be loaded: ${thrownText(error)}`, error);
  }
  if (isStandardSchema(value)) return value;
  // A name that only looks like a schema's, or a type taken from an ordinary value.
  if (reference.byName || (value !== undefined && value !== null)) return undefined;
  throw schemaFault(reference, `is ${value} when the file is loaded`);
}

function rootOf(reference: SchemaReference, module: Module, path: string): Promise<unknown> {
  const { exportName, imported, local } = reference;
  if (exportName !== undefined) return Promise.resolve(module[exportName]);
  if (local !== undefined) return Promise.resolve(module[exposedName(local)]);
  return imported ? importedFrom(imported, path) : Promise.resolve(undefined);
}

async function importedFrom(
  { name, specifier }: NonNullable<SchemaReference["imported"]>,
  path: string,
): Promise<unknown> {
  const found = (await import(Bun.resolveSync(specifier, dirname(path)))) as Module;
  return name === "*" ? found : found[name];
}

function isStandardSchema(value: unknown): value is StandardSchema {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  if (!isObject) return false;
  const standard = (value as Partial<StandardSchema>)["~standard"];
  return typeof standard?.validate === "function";
}

/** The value the schema makes of an input. Throws RunnerFault that names every issue. */
export async function validInput(
  runner: string,
  schema: StandardSchema,
  input: unknown,
): Promise<unknown> {
  let answer: { readonly issues?: readonly Issue[]; readonly value?: unknown };
  try {
    answer = (await schema["~standard"].validate(input)) as typeof answer;
  } catch (error) {
    const message = `The input schema of "${runner}" failed: ${thrownText(error)}`;
    throw new RunnerFault("invalid_schema", sentence(message), { cause: error });
  }
  if (!answer?.issues) return answer?.value;
  const issues = answer.issues.slice(0, MAX_ISSUES).map(({ message, path = [] }) => ({
    path: pointer(path),
    message: String(message),
  }));
  const named = answer.issues
    .slice(0, MAX_ISSUES)
    .map(({ message, path = [] }) => `${dotted(path)}: ${message}`);
  const text = `The input of "${runner}" is not valid: ${named.join("; ")}`;
  throw new RunnerFault("invalid_input", sentence(text), { details: { issues } });
}

type Path = NonNullable<Issue["path"]>;

function keys(path: Path): string[] {
  return path.map((part) => String(typeof part === "object" ? part.key : part));
}

function dotted(path: Path): string {
  return path.length === 0 ? "input" : keys(path).join(".");
}

/** JSON Pointer (RFC 6901) into the input. */
function pointer(path: Path): string {
  return keys(path)
    .map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("");
}

/** JSON Schema of the input, if the library can tell. */
export async function jsonSchemaOf(schema: StandardSchema): Promise<unknown> {
  // Zod's: what JSON Schema has no words for becomes "anything" instead of a failure.
  const options = { unrepresentable: "any" } as const;
  try {
    const target = "draft-2020-12";
    const own = schema["~standard"].jsonSchema?.input?.({ target, libraryOptions: options });
    const json = own ?? (await zodJsonSchema(schema, options));
    return json === undefined ? undefined : JSON.parse(JSON.stringify(json));
  } catch {
    // Schemas may hold what JSON Schema has no words for, such as a transformation.
    return undefined;
  }
}

/** Schemas of Zod 4 before it knew the extension, and of its mini variant. */
async function zodJsonSchema(schema: StandardSchema, options: object): Promise<unknown> {
  if (!("_zod" in schema)) return undefined;
  const { toJSONSchema } = await import("zod");
  return toJSONSchema(schema as unknown as ZodType, { ...options, io: "input" });
}

function schemaFault(reference: SchemaReference, why: string, cause?: unknown): RunnerFault {
  const message = sentence(`The input schema "${reference.expression}" ${why}`);
  return new RunnerFault("invalid_schema", message, { cause });
}

function sentence(text: string): string {
  return text.endsWith(".") ? text : `${text}.`;
}
