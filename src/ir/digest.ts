import { createHash } from "node:crypto";
import type { Pipeline } from "./pipeline.ts";
import { serializePipeline } from "./serialize.ts";

/** sha256 (hex) of what a pipeline means: the same for pipelines that mean the same. */
export function digestPipeline(pipeline: Pipeline): string {
  return createHash("sha256").update(serializePipeline(pipeline)).digest("hex");
}
