/**
 * Schemas that are not compiled before they are known to be worth it: the first values are checked
 * by interpretation, which costs a first answer a fraction of what the compiler does.
 *
 * To TypeBox such a schema is a kind of its own. All else in it stays, for the documentation.
 */
import { Kind, type TSchema, TypeRegistry } from "@sinclair/typebox";
import { type TypeCheck, TypeCompiler } from "@sinclair/typebox/compiler";
import { Value } from "@sinclair/typebox/value";

/** Checks after which a schema is compiled. */
const WORTH_COMPILING = 10;

const originals = new Map<string, TSchema>();

/** The schema under another kind. To be called once per schema: kinds are kept for ever. */
export function compiledLater<Schema extends TSchema>(schema: Schema): Schema {
  const kind = `compiledLater${originals.size}`;
  const check = checker(schema);
  originals.set(kind, schema);
  TypeRegistry.Set(kind, (_, value) => check(value));
  return { ...schema, [Kind]: kind };
}

/** The schema as it was before `compiledLater`; undefined if it is none of those. */
export function originalSchema(schema: TSchema): TSchema | undefined {
  return originals.get(schema[Kind]);
}

function checker(schema: TSchema): (value: unknown) => boolean {
  let checks = 0;
  let compiled: TypeCheck<TSchema> | undefined;
  return (value) => {
    if (compiled) return compiled.Check(value);
    checks += 1;
    if (checks === WORTH_COMPILING) compiled = TypeCompiler.Compile(schema);
    return Value.Check(schema, value);
  };
}
