import type { Json } from "../protocol/json.ts";
import type { SourceDocument } from "../source/source-document.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Places } from "./places.ts";

/** A pipeline with nothing wrong in it, and what messages about it need beside what it means. */
export interface Checked {
  readonly pipeline: Pipeline;
  readonly places: Places;
  /** What the front end read. */
  readonly document: SourceDocument<Json>;
}
