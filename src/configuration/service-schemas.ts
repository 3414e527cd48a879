/** The keys of every service and type, as zod schemas: what the configuration is checked against, and its documentation. */
import * as z from "zod";
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
  auto_remove_container: flag.optional().describe("Whether containers are removed once they ended; default true"),
  engine_args: z.array(text).optional().describe("Further arguments of the engine's `run`, such as --network=host"),
  run_in_local: flag.optional().describe("Run on the host instead of in a container; for overrides"),
  enable_parallel: flag.optional().describe("Whether branches and items run at the same time"),
};

const patch = z.looseObject({
  command: z.union([text, z.array(text)]).optional(),
  command_type: z.enum(["python", "shell", "notebook", "node", "container"]).optional(),
});

const durable = flag.optional().describe("Whether what is stored is on the disk before a step goes on; default false");

const s3Keys = {
  bucket: text.describe("The bucket's name"),
  prefix: text.optional().describe("Before every key"),
  endpoint: text.optional().describe("URL of a store that is not AWS"),
  region: text.optional(),
};

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
      engine: text.optional().describe("docker or podman, or where it is; default: the one that is on PATH"),
      overrides: overridesOf(containerKeys),
    }),
    mocked: z.strictObject({
      patches: z.record(z.string(), patch).optional().describe("Step name → what runs instead of its command"),
      enable_parallel: flag.optional(),
      overrides: overridesOf({ enable_parallel: flag }),
    }),
  },
  run_log_store: {
    "file-system": z.strictObject({
      log_folder: text.optional().describe("The folder of all run logs; default .magnus/runs"),
      durable,
    }),
    buffered: z.strictObject({}),
    postgres: z.strictObject({
      url: text.describe("postgres://user:password@host/database"),
      schema: text.optional(),
    }),
    s3: z.strictObject(s3Keys),
  },
  catalog: {
    "file-system": z.strictObject({
      catalog_location: text.optional().describe("The folder of all catalogued files; default .magnus/catalog"),
      durable,
    }),
    "do-nothing": z.strictObject({}),
    s3: z.strictObject(s3Keys),
  },
  secrets: {
    "env-secrets": z.strictObject({
      prefix: text.optional().describe("Before the secret's name in the environment"),
      suffix: text.optional().describe("After the secret's name in the environment"),
    }),
    dotenv: z.strictObject({ location: text.optional().describe("The file of NAME=value lines; default .env") }),
    files: z.strictObject({
      location: text.optional().describe("The folder with one file a secret; default /run/secrets"),
    }),
    "do-nothing": z.strictObject({}),
  },
  experiment_tracker: {
    "do-nothing": z.strictObject({}),
    mlflow: z.strictObject({
      server_url: text.optional().describe("The tracking server; default MLFLOW_TRACKING_URI"),
    }),
  },
};

/** Keys of magnus-core and runnable that mean nothing here, with why; read with a warning. */
export const unusedServiceKeys: { readonly [service in ServiceName]?: ReadonlyMap<string, string> } = {
  executor: new Map([["object_serialisation", "objects that a step returns are always kept in the catalog"]]),
  catalog: new Map([["compute_data_folder", "patterns are relative to the working directory"]]),
  experiment_tracker: new Map([["autolog", "call mlflow.autolog() in the task, which finds its run by MLFLOW_RUN_ID"]]),
};
