/** The keys of every service and type, as zod schemas: what the configuration is checked against, and its documentation. */
import * as z from "zod";
import { serviceKinds } from "../services/service-kinds.ts";
import type { Keys, ServiceKinds } from "../stores/contract/service-kind.ts";
import type { ServiceName } from "./service-name.ts";

const text = z.string();
const flag = z.boolean();
const scalarMap = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const overridesOf = (keys: z.ZodRawShape) =>
  z
    .record(z.string(), z.strictObject(keys).partial())
    .optional()
    .describe("Named variations; a step chooses one with `overrides: {<executor>: <name>}`");

const containerKeys = {
  docker_image: text.describe("The image in which steps run"),
  environment: scalarMap.optional().describe("Variables that every container gets"),
  auto_remove_container: flag
    .optional()
    .describe("Whether containers are removed when they have ended (default: true)"),
  engine_args: z.array(text).optional().describe("Further arguments of the engine's `run`, such as --network=host"),
  run_in_local: flag.optional().describe("Run on the host instead of in a container; for overrides"),
  enable_parallel: flag.optional().describe("Whether branches and items run at the same time"),
};

const patch = z.looseObject({
  command: z.union([text, z.array(text)]).optional(),
  command_type: z.enum(["python", "shell", "notebook", "node", "container"]).optional(),
});

/** Service → type → the keys of its `config`. An executor may also be a target, which checks its options itself. */
export const serviceSchemas: { readonly [service in ServiceName]: { readonly [type: string]: z.ZodObject } } = {
  executor: {
    local: z.strictObject({
      enable_parallel: flag.optional().describe("Whether branches and items run at the same time"),
      overrides: overridesOf({ enable_parallel: flag }),
    }),
    "local-container": z.strictObject({
      ...containerKeys,
      shim_image: text.optional().describe("An image with the shim, instead of the Node of this machine"),
      engine: text.optional().describe("docker or podman, or its path (default: the one on PATH)"),
      overrides: overridesOf(containerKeys),
    }),
    mocked: z.strictObject({
      patches: z.record(z.string(), patch).optional().describe("Step name → what runs instead of its command"),
      enable_parallel: flag.optional(),
      overrides: overridesOf({ enable_parallel: flag }),
    }),
  },
  run_log_store: schemasOf("run_log_store"),
  catalog: schemasOf("catalog"),
  secrets: schemasOf("secrets"),
  experiment_tracker: schemasOf("experiment_tracker"),
};

/** Type → the schema that follows from its keys. */
function schemasOf(service: keyof ServiceKinds): { readonly [type: string]: z.ZodObject } {
  return Object.fromEntries(serviceKinds[service].map(({ type, keys = {} }) => [type, z.strictObject(shapeOf(keys))]));
}

function shapeOf(keys: Keys): z.ZodRawShape {
  const schemas = Object.entries(keys).map(([name, { kind, required }]): [string, z.ZodType] => {
    const value = kind === "flag" ? flag : text;
    return [name, required ? value : value.optional()];
  });
  return Object.fromEntries(schemas);
}

/** Keys of magnus-core and runnable that mean nothing here, with why; read with a warning. */
export const unusedServiceKeys: { readonly [service in ServiceName]?: ReadonlyMap<string, string> } = {
  executor: new Map([["object_serialisation", "objects that a step returns are always kept in the catalog"]]),
  catalog: new Map([["compute_data_folder", "patterns are relative to the working directory"]]),
  experiment_tracker: new Map([["autolog", "call mlflow.autolog() in the task, which finds its run by MLFLOW_RUN_ID"]]),
};
