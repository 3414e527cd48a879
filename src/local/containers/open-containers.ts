import path from "node:path";
import type { Configuration } from "../../configuration/configuration.ts";
import { pointAt } from "../../configuration/setting-place.ts";
import type { DiagnosticSink } from "../../diagnostics/sink.ts";
import type { Pipeline } from "../../ir/pipeline.ts";
import { walkNodes } from "../../ir/walk.ts";
import type { PlanLeaf } from "../../plan/plan-node.ts";
import type { Event } from "../../protocol/event.ts";
import { isArray, isObject, type JsonObject, printJson } from "../../protocol/json.ts";
import { isInProcess } from "../../services/services-elsewhere.ts";
import { makeFolder } from "../../system/atomic-file.ts";
import type { Variables } from "../../system/environment.ts";
import { present } from "../../system/present.ts";
import type { LeafRunner } from "../run-pipeline.ts";
import { type ContainerEngine, installShim, openEngine } from "./container-engine.ts";
import { containerServices } from "./container-services.ts";
import { containerSteps } from "./container-steps.ts";
import { servicesOnLoopback } from "./services-on-loopback.ts";
import type { ContainerSettings } from "./step-container.ts";

/** Finds the engine, installs the shim where containers can mount it; reports what is missing. */
export function openContainers(
  configuration: Configuration,
  pipeline: Pipeline,
  overrides: ReadonlyMap<string, JsonObject>,
  sink: DiagnosticSink,
): ((seen: (events: readonly Event[]) => void) => LeafRunner) | undefined {
  const { executor, runLogStore } = configuration;
  const report = (cause: string, hint: string): undefined => {
    const { span, from } = pointAt(executor.place, "value");
    sink.report("executor-unusable", { ...present({ span }), from, cause, hint });
  };
  if (isInProcess(runLogStore)) {
    return report(
      "its steps write the run log from their containers",
      "use the run log `file-system`, or one on a server",
    );
  }
  const engine = openEngine(textOf(executor.config.engine));
  if ("failure" in engine) return report(engine.failure, engine.hint);
  const services = containerServices(configuration, process.env);
  const settingsFor = ({ node }: Pick<PlanLeaf, "node">): ContainerSettings | undefined =>
    settingsOf(node, executor.config, overrides, engine, services.variablesFor);
  for (const node of walkNodes(pipeline.root)) {
    const settings = node.kind === "task" ? settingsFor({ node }) : undefined;
    const unreachable =
      settings === undefined || hasNetwork(settings) ? [] : servicesOnLoopback(services.spec, settings.environment);
    if (unreachable.length === 0) continue;
    const host = engine.isPodman ? "host.containers.internal" : "host.docker.internal";
    return report(
      `in a container an address of this machine itself is the container: ${unreachable.join(", ")}`,
      `share this machine's network: \`engine_args: [--network=host]\`; or write an address that containers reach, such as ${host}`,
    );
  }
  const shim = installShim(textOf(executor.config.shim_image), engine);
  if ("failure" in shim) return report(shim.failure, shim.hint);
  const outside = services.folders.filter(isOutside);
  return (seen) => {
    // An engine mounts what is there.
    for (const folder of outside) makeFolder(folder);
    return containerSteps({
      settingsOf: settingsFor,
      shim,
      ...present({ runLogFolder: services.runLogFolder }),
      folders: [process.cwd(), ...outside],
      files: services.files.filter(isOutside),
      services: printJson({ ...services.spec }),
      seen,
    });
  };
}

function isOutside(file: string): boolean {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith("..") || path.isAbsolute(relative);
}

/** Whether it is in another network than its own; then nobody but the user knows what is where. */
function hasNetwork({ engineArgs }: ContainerSettings): boolean {
  return engineArgs.some((argument) => /^--(net(work)?|pod)(=|$)/.test(argument));
}

/** A step's own image comes first, then what its override says, then the executor's. Undefined: it runs here. */
function settingsOf(
  node: PlanLeaf["node"],
  config: JsonObject,
  overrides: ReadonlyMap<string, JsonObject>,
  engine: ContainerEngine,
  variablesFor: (own: Variables) => Variables,
): ContainerSettings | undefined {
  const over = overrides.get(node.overrides["local-container"] ?? "") ?? {};
  const all: JsonObject = { ...config, ...over };
  if (all.run_in_local === true) return undefined;
  const { environment = {}, engine_args: args = [] } = all;
  const own = isObject(environment) ? texts(environment) : {};
  const image = node.kind === "task" ? node.image : undefined;
  return {
    engine: engine.program,
    isPodman: engine.isPodman,
    engineArgs: isArray(args) ? args.map(String) : [],
    image: image ?? textOf(all.docker_image) ?? "",
    environment: { ...variablesFor(own), ...own },
    remove: all.auto_remove_container !== false,
  };
}

function texts(values: JsonObject): Variables {
  const entries = Object.entries(values);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === "string" ? value : printJson(value)]),
  );
}

function textOf(value: JsonObject[string] | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
