import { availableParallelism } from "node:os";
import type { Configuration } from "../../configuration/configuration.ts";
import { placeOf, pointAt } from "../../configuration/setting-place.ts";
import type { DiagnosticSink } from "../../diagnostics/sink.ts";
import { suggest } from "../../diagnostics/suggest.ts";
import type { Checked } from "../../ir/checked.ts";
import type { Pipeline } from "../../ir/pipeline.ts";
import { walkNodes } from "../../ir/walk.ts";
import { isArray, isObject, type Json, type JsonObject } from "../../protocol/json.ts";
import type { CommandType } from "../../protocol/step-spec.ts";
import { present } from "../../system/present.ts";
import { checkOverrides } from "../../target/check-overrides.ts";
import { openContainers } from "../containers/open-containers.ts";
import type { Executor } from "../executor.ts";
import { mockPipeline, type Patch } from "./mock-pipeline.ts";

/** Reports what the executor of this configuration cannot do here; undefined where it can do nothing. */
export function openExecutor(
  configuration: Configuration,
  { pipeline, places }: Pick<Checked, "pipeline" | "places">,
  sink: DiagnosticSink,
): Executor | undefined {
  const { type, config } = configuration.executor;
  const overrides = variationsOf(config);
  checkOverrides({ pipeline, places }, { name: type, variations: [...overrides.keys()] }, sink);
  const executor: Executor = {
    name: type,
    pipeline,
    // magnus-core's `enable_parallel: false` means one after the other.
    jobs: config.enable_parallel === false ? 1 : availableParallelism(),
    oneAtATime: new Set([...overrides].flatMap(([key, value]) => (value.enable_parallel === false ? [key] : []))),
  };
  switch (type) {
    case "mocked":
      return { ...executor, pipeline: mocked(configuration, pipeline, sink) };
    case "local-container": {
      if (sink.hasErrors) return undefined;
      const openLeafRunner = openContainers(configuration, pipeline, overrides, sink);
      return openLeafRunner === undefined ? undefined : { ...executor, openLeafRunner };
    }
    default:
      return executor;
  }
}

/** The executor's named variations. */
function variationsOf({ overrides }: JsonObject): ReadonlyMap<string, JsonObject> {
  if (!isObject(overrides)) return new Map();
  return new Map(Object.entries(overrides).map(([key, value]) => [key, isObject(value) ? value : {}]));
}

function mocked({ executor }: Configuration, pipeline: Pipeline, sink: DiagnosticSink): Pipeline {
  const patches = isObject(executor.config.patches) ? Object.entries(executor.config.patches) : [];
  const mock = mockPipeline(pipeline, new Map(patches.map(([name, patch]) => [name, readPatch(patch)])));
  for (const step of mock.unknown) {
    const tasks = new Set([...walkNodes(pipeline.root)].flatMap((node) => (node.kind === "task" ? [node.name] : [])));
    const { span, from } = pointAt(placeOf(executor.places, ["patches", step]), "key");
    sink.report("unknown-patch", {
      ...present({ span }),
      from,
      step,
      suggestion: suggest(step, tasks),
    });
  }
  return mock.pipeline;
}

/** Its shape was checked with the configuration. */
function readPatch(patch: Json): Patch {
  const { command, command_type: type } = isObject(patch) ? patch : {};
  const argv = isArray(command ?? null) ? (command as Json[]).map(String) : undefined;
  return {
    ...(typeof command === "string" ? { command } : argv && { command: argv }),
    ...(typeof type === "string" ? { commandType: type as CommandType } : {}),
  };
}
