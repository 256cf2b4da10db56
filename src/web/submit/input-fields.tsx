/**
 * The input of a runner beside the url: a field for each simple property its schema names, and the
 * JSON itself for everything else.
 */
import type { RunnerChoice } from "./form.ts";
import type { Schema } from "./schemas.ts";

export interface InputFieldsProps {
  readonly choice: RunnerChoice;
  readonly schema: Schema | undefined;
  readonly change: (input: string) => void;
}

interface Field {
  readonly name: string;
  readonly kind: "text" | "number" | "boolean" | "choice";
  readonly choices: readonly string[];
  readonly required: boolean;
  readonly about: string;
  /** What the runner gets without an entry, if the schema names a default. */
  readonly fallback: string | number | boolean | undefined;
}

/** More would be no form. */
const MOST_FIELDS = 20;

export function InputFields({ change, choice, schema }: InputFieldsProps) {
  const fields = schema ? fieldsOf(schema) : [];
  const value = objectOf(choice.input);
  const put = (name: string, entry: unknown): void => {
    const { [name]: _before, ...rest } = value ?? {};
    const next = entry === undefined ? rest : { ...rest, [name]: entry };
    change(Object.keys(next).length === 0 ? "" : JSON.stringify(next));
  };
  return (
    <div class="inputs">
      {value
        ? fields.map((field) => (
            <FieldInput key={field.name} field={field} value={value[field.name]} put={put} />
          ))
        : undefined}
      <label>
        {fields.length > 0 ? "All of the input, as JSON" : "Input beside the URL, as JSON"}
        <textarea
          rows={2}
          spellcheck={false}
          placeholder="{}"
          aria-invalid={value === undefined}
          value={choice.input}
          onInput={({ currentTarget }) => change(currentTarget.value)}
        />
      </label>
    </div>
  );
}

interface FieldInputProps {
  readonly field: Field;
  readonly value: unknown;
  readonly put: (name: string, entry: unknown) => void;
}

function FieldInput({ field, put, value }: FieldInputProps) {
  const { about, choices, fallback, kind, name, required } = field;
  const label = (
    <>
      <bdi>{name}</bdi>
      {required ? " (required)" : ""} <small>{about}</small>
    </>
  );
  if (kind === "boolean") {
    return (
      <label class="check">
        <input
          type="checkbox"
          checked={typeof value === "boolean" ? value : fallback === true}
          onChange={({ currentTarget: { checked } }) =>
            put(name, checked === (fallback === true) ? undefined : checked)
          }
        />
        {label}
      </label>
    );
  }
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  if (kind === "choice") {
    return (
      <label>
        {label}
        <select
          value={text}
          onChange={({ currentTarget }) => put(name, currentTarget.value || undefined)}
        >
          <option value="">{fallback === undefined ? "" : `${fallback} (default)`}</option>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      </label>
    );
  }
  const entry = (text: string): unknown => {
    if (text === "") return undefined;
    // What is no number yet, such as "1.", stays as it was typed.
    return kind === "number" && String(Number(text)) === text ? Number(text) : text;
  };
  return (
    <label>
      {label}
      <input
        value={text}
        placeholder={fallback === undefined ? "" : String(fallback)}
        inputMode={kind === "number" ? "decimal" : "text"}
        spellcheck={false}
        onInput={({ currentTarget }) => put(name, entry(currentTarget.value))}
      />
    </label>
  );
}

/** The simple properties of a schema. `url` has a field of its own. */
function fieldsOf({ properties, required }: Schema): Field[] {
  if (typeof properties !== "object" || properties === null) return [];
  const needed = new Set(Array.isArray(required) ? required : []);
  return Object.entries(properties)
    .filter(([name]) => name !== "url")
    .slice(0, MOST_FIELDS)
    .flatMap(([name, property]: [string, unknown]) => {
      const shape = kindOf(property);
      if (!shape) return [];
      const { default: given, description } = property as Schema;
      const about = typeof description === "string" ? description : "";
      const fallback = ["string", "number", "boolean"].includes(typeof given)
        ? (given as string | number | boolean)
        : undefined;
      return [{ name, required: needed.has(name), about, fallback, ...shape }];
    });
}

function kindOf(property: unknown): Pick<Field, "kind" | "choices"> | undefined {
  if (typeof property !== "object" || property === null) return undefined;
  const { enum: choices, type } = property as Schema;
  if (Array.isArray(choices) && choices.every((choice) => typeof choice === "string")) {
    return { kind: "choice", choices };
  }
  if (type === "string") return { kind: "text", choices: [] };
  if (type === "number" || type === "integer") return { kind: "number", choices: [] };
  return type === "boolean" ? { kind: "boolean", choices: [] } : undefined;
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
