/** /healthz: whether the process answers at all. At the root of both servers. */
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";

const Health = Type.Object(
  { status: Type.Literal("ok", { description: "The process answers." }) },
  { additionalProperties: false, description: "The process is alive." },
);

export function healthRoutes() {
  return new Elysia().get("/healthz", () => ({ status: "ok" }) as const, {
    response: { 200: Health },
    detail: {
      summary: "Liveness",
      description: "Answers as long as the process can answer at all.",
      tags: ["operations"],
    },
  });
}
