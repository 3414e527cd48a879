import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import path from "node:path";
import type { Configuration, Setting } from "../configuration/configuration.ts";
import { pointAt } from "../configuration/place.ts";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { containerSteps } from "../local/container-steps.ts";
import type { LeafRunner } from "../local/run-pipeline.ts";
import { type ContainerSettings, installingCommand, type ShimSource } from "../local/step-container.ts";
import type { PlanLeaf } from "../plan/plan.ts";
import type { Event } from "../protocol/event.ts";
import { isArray, isObject, type JsonObject, printJson } from "../protocol/json.ts";
import { lookupIn, serviceDefaults, substituteVariables } from "../protocol/services.ts";
import { version } from "../protocol/version.ts";
import { findProgram } from "../runtime/task-types/find-program.ts";
import { makeFolder } from "../stores/atomic-file.ts";
import { packageRoot } from "../target/package-root.ts";

/** Finds the engine, installs the shim where containers can mount it; reports what is missing. */
export function openContainers(
  configuration: Configuration,
  overrides: ReadonlyMap<string, JsonObject>,
  sink: DiagnosticSink,
): ((seen: (events: readonly Event[]) => void) => LeafRunner) | undefined {
  const { executor, runLogStore } = configuration;
  const report = (cause: string, hint: string): undefined => {
    const { span, from } = pointAt(executor.place, "value");
    sink.report("executor-unusable", { ...(span === undefined ? {} : { span }), from, cause, hint });
  };
  if (runLogStore.type !== "file-system") {
    return report("its steps write the run log from their containers", "use the run log `file-system` with it");
  }
  const engine = findEngine(executor.config);
  if (engine === undefined) {
    const named = textOf(executor.config.engine);
    const missing = named === undefined ? "neither docker nor podman is on PATH" : `there is no program ${named}`;
    return report(missing, "install one of them, or name one: `engine: /usr/bin/podman`");
  }
  const shimImage = textOf(executor.config.shim_image);
  const shim = shimImage === undefined ? installFromHere() : installFromImage(shimImage, engine);
  if ("failure" in shim) {
    const hint =
      shimImage === undefined
        ? "containers mount the shim from a folder below XDG_CACHE_HOME; on other systems than Linux name a `shim_image`"
        : "`magnus shim image` writes what such an image is built from";
    return report(shim.failure, hint);
  }
  const runLogFolder = folderOf(runLogStore, "log_folder", serviceDefaults.runLogFolder);
  const catalogFolder =
    configuration.catalog.type === "file-system"
      ? folderOf(configuration.catalog, "catalog_location", serviceDefaults.catalogFolder)
      : undefined;
  const outside = [runLogFolder, catalogFolder].filter((folder) => folder !== undefined).filter(isOutside);
  return (seen) => {
    // An engine mounts what is there.
    for (const folder of outside) makeFolder(folder);
    return containerSteps({
      settingsOf: (leaf) => settingsOf(leaf, executor.config, overrides, engine),
      shim,
      runLogFolder,
      folders: [process.cwd(), ...outside],
      services: servicesInside(configuration, runLogFolder, catalogFolder),
      seen,
    });
  };
}

function findEngine({ engine }: JsonObject): string | undefined {
  const named = textOf(engine);
  if (named?.includes("/")) return findProgram([path.basename(named)], { PATH: path.resolve(path.dirname(named)) });
  const PATH = process.env.PATH ?? "";
  return findProgram(named === undefined ? ["docker", "podman"] : [named], { PATH });
}

function cacheFolder(): string {
  const { XDG_CACHE_HOME: cache } = process.env;
  return path.join(cache ? cache : path.join(homedir(), ".cache"), "magnus");
}

type Installed = ShimSource | { readonly failure: string };

/** With the Node that runs this; quick where it is there. */
function installFromHere(): Installed {
  const folder = path.join(cacheFolder(), `shim-${version}`);
  const shim = path.join(packageRoot, "dist/shim.cjs");
  const { status, stderr } = spawnSync(process.execPath, [shim, "install", folder], { encoding: "utf8" });
  if (status === 0) return { type: "bind", source: folder };
  return { failure: stderr.trim().replace(/^magnus-shim: /, "") };
}

/** Into a volume of the engine: an image may be for another system or processor than this one. */
function installFromImage(image: string, engine: string): Installed {
  const volume = `magnus-shim-${image.replace(/[^\w.-]+/g, "-")}`;
  const { status, stderr } = spawnSync(engine, installingCommand(image, volume), { encoding: "utf8" });
  if (status === 0) return { type: "volume", source: volume };
  return { failure: `its shim_image ${image} does not install itself: ${stderr?.trim().split("\n").at(-1) ?? ""}` };
}

/** Where a service keeps its files; its variables were checked. */
function folderOf({ config }: Setting, key: string, usual: string): string {
  return path.resolve(substituteVariables(textOf(config[key]) ?? usual, lookupIn(process.env)));
}

function isOutside(folder: string): boolean {
  const relative = path.relative(process.cwd(), folder);
  return relative.startsWith("..") || path.isAbsolute(relative);
}

/** A step's own image comes first, then what its override says, then the executor's. */
function settingsOf(
  { node }: PlanLeaf,
  config: JsonObject,
  overrides: ReadonlyMap<string, JsonObject>,
  engine: string,
): ContainerSettings | undefined {
  const over = overrides.get(node.overrides["local-container"] ?? "") ?? {};
  const all: JsonObject = { ...config, ...over };
  if (all.run_in_local === true) return undefined;
  const { environment = {}, engine_args: args = [] } = all;
  const own = node.kind === "task" ? node.image : undefined;
  return {
    engine,
    engineArgs: isArray(args) ? args.map(String) : [],
    image: own ?? textOf(all.docker_image) ?? "",
    environment: isObject(environment) ? texts(environment) : {},
    remove: all.auto_remove_container !== false,
  };
}

function texts(values: JsonObject): { readonly [name: string]: string } {
  const entries = Object.entries(values);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === "string" ? value : printJson(value)]),
  );
}

/** The services as the shim in a container opens them: folders by their full names, secrets in its environment. */
function servicesInside(
  { isolate, graceMs, catalog }: Configuration,
  runLogFolder: string,
  catalogFolder: string | undefined,
): string {
  // A dollar would begin a variable there.
  const plain = (folder: string): string => folder.replaceAll("$", "$$$$");
  return printJson({
    run_log_store: { type: "file-system", log_folder: plain(runLogFolder) },
    catalog:
      catalogFolder === undefined
        ? { type: catalog.type }
        : { type: "file-system", catalog_location: plain(catalogFolder) },
    ...(isolate === "auto" ? {} : { isolate }),
    graceMs,
  });
}

function textOf(value: JsonObject[string] | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
