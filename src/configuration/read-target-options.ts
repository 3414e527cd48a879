import type { ZodType } from "zod";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { plainJson } from "../protocol/json-part.ts";
import type { Configuration } from "./configuration.ts";
import { reportIssues } from "./report-issues.ts";

/**
 * The options of a target, checked and completed by its own schema; undefined where something was reported. Their keys
 * are in underscores, their numbers JavaScript's.
 */
export function readTargetOptions<Options>(
  target: { readonly name: string; readonly options: ZodType<Options> },
  configuration: Configuration,
  sink: DiagnosticSink,
): Options | undefined {
  const { name, options } = target;
  const setting = Object.hasOwn(configuration.targets, name) ? configuration.targets[name] : undefined;
  const { config, places } = setting ?? { config: {}, places: new Map() };
  const checked = options.safeParse(plainJson(config));
  if (checked.success) return checked.data;
  reportIssues(`the target ${name}`, options, checked.error.issues, { type: name, config, places }, sink);
  return undefined;
}
