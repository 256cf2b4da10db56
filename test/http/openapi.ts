/** OpenAPI documents as these tests read them, and values checked against their schemas. */
export interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly [key: string]: unknown;
}

export interface Media {
  readonly schema: Schema;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

export interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly {
    name: string;
    in: string;
    required?: boolean;
    description?: string;
    schema: Schema;
  }[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, Media>>;
  };
  readonly responses: Readonly<
    Record<string, { description: string; content?: Readonly<Record<string, Media>> }>
  >;
}

export interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Properties at any depth that nobody described. */
export function silentFields(schema: Schema, where: string): string[] {
  const here = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => [
    ...(property.description ? [] : [`${where}.${name}`]),
    ...silentFields(property, `${where}.${name}`),
  ]);
  const inside = schema["items"] as Schema | undefined;
  return inside ? [...here, ...silentFields(inside, `${where}[]`)] : here;
}

/** The ways in which an answer breaks the document; it reads the document's schemas as they are. */
export function faults(operation: Operation | undefined, status: string, value: unknown): string[] {
  const schema = operation?.responses[status]?.content?.["application/json"]?.schema;
  if (!schema) return ["The document has no such answer."];
  return jsonSchemaFaults(schema, value, "");
}

export function jsonSchemaFaults(schema: Schema, value: unknown, path: string): string[] {
  const anyOf = schema["anyOf"] as readonly Schema[] | undefined;
  if (anyOf) {
    const fits = anyOf.some((one) => jsonSchemaFaults(one, value, path).length === 0);
    return fits ? [] : [`${path} fits no alternative`];
  }
  if ("const" in schema) return schema["const"] === value ? [] : [`${path} is not its constant`];
  switch (schema["type"]) {
    case "object":
      return objectFaults(schema, value, path);
    case "array":
      return Array.isArray(value)
        ? value.flatMap((item, index) =>
            jsonSchemaFaults(schema["items"] as Schema, item, `${path}/${index}`),
          )
        : [`${path} is no list`];
    case "integer":
      return Number.isInteger(value) ? [] : [`${path} is no integer`];
    case "string":
      return typeof value === "string" ? [] : [`${path} is no string`];
    default:
      return [];
  }
}

function objectFaults(schema: Schema, value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null) return [`${path} is no object`];
  const given = new Map<string, unknown>(Object.entries(value));
  const missing = (schema.required ?? []).filter((name) => !given.has(name));
  return [
    ...missing.map((name) => `${path}/${name} is missing`),
    ...Array.from(given, ([name, entry]) => {
      const property = schema.properties?.[name];
      if (property) return jsonSchemaFaults(property, entry, `${path}/${name}`);
      return schema.properties ? [`${path}/${name} is not described`] : [];
    }).flat(),
  ];
}
