import type { ZodType } from "zod";
import type { OptionFinding } from "../diagnostics/option-finding.ts";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { partAt, plainJson } from "../protocol/json-part.ts";
import type { Configuration } from "./configuration.ts";
import { reportFinding, reportUnused } from "./diagnose.ts";
import { reportIssues } from "./report-issues.ts";
import { placeOf } from "./setting-place.ts";

/**
 * The options of a target, checked and completed by its own schema; undefined where something was reported. Their keys
 * are in underscores, their numbers JavaScript's.
 */
export function readTargetOptions<Options>(
  target: {
    readonly name: string;
    readonly options: ZodType<Options>;
    readonly unusedOptions?: { readonly [key: string]: string };
    readonly checkOptions?: (options: Options, report: (finding: OptionFinding) => void) => void;
  },
  configuration: Configuration,
  sink: DiagnosticSink,
): Options | undefined {
  const { name, options } = target;
  const setting = Object.hasOwn(configuration.targets, name) ? configuration.targets[name] : undefined;
  const { config, places } = setting ?? { config: {}, places: new Map() };
  for (const [key, why] of Object.entries(target.unusedOptions ?? {})) {
    if (Object.hasOwn(config, key)) reportUnused(sink, key, why, placeOf(places, [key]));
  }
  const checked = options.safeParse(plainJson(config));
  if (checked.success) {
    const errors = sink.errorCount;
    target.checkOptions?.(checked.data, (finding) => {
      const what = `\`${finding.path.join(".")}\``;
      reportFinding(sink, what, finding, partAt(config, finding.path) ?? null, placeOf(places, finding.path));
    });
    return sink.errorCount > errors ? undefined : checked.data;
  }
  reportIssues(`the target ${name}`, options, checked.error.issues, { type: name, config, places }, sink);
  return undefined;
}
