/** What stands in the paths of several routes. */
import { Type } from "@sinclair/typebox";

export const RunParams = Type.Object({
  runId: Type.String({ description: "The run, as its submit answered.", examples: ["run_abc123"] }),
});
