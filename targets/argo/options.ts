import * as z from "zod";
import { maxEnvironmentValue } from "../../src/protocol/environment-names.ts";
import { scheduleOptions } from "../../src/target/schedules/schedules.ts";
import { overlayOption } from "./yaml/overlay.ts";

const text = z.string().min(1);
/** Kubernetes' names of objects (RFC 1123 subdomain). */
const objectName = text
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, "it is of lower-case letters, digits, - and .");
const variableName = text.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "it is of letters, digits and _");
/** Kubernetes' names of labels and annotations. */
const labelName = text.regex(
  /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/,
  "it is of at most 63 letters, digits, -, _ and ., perhaps with a domain and / before",
);
const labelValue = z
  .string()
  .regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/, "it is of at most 63 letters, digits, -, _ and .");
const secretKey = text.max(253).regex(/^[-._a-zA-Z0-9]+$/, "it is of letters, digits, -, _ and .");
const labels = z.record(labelName, labelValue);
/** A process cannot be started with a longer one (Linux: MAX_ARG_STRLEN), nor with a NUL. */
const variableValue = z
  .string()
  .refine((value) => Buffer.byteLength(value) <= maxEnvironmentValue && !value.includes("\0"), {
    message: "it is of at most 100 KiB, without NUL",
  });
const quantity = z.union([z.string().min(1), z.number()]).transform(String);
const seconds = z.number().int().positive();
const object = z.record(z.string(), z.unknown());
/** Go's durations, as Argo reads them; a number is of seconds. */
const duration = z.union([
  seconds.transform((count) => `${count}s`),
  text.regex(/^(\d+(\.\d+)?(ms|s|m|h))+$/, "such as 10m or 1h30m, or a number of seconds"),
]);
const resourceList = z
  .strictObject({ cpu: quantity.optional(), memory: quantity.optional(), gpu: quantity.optional() })
  .describe("Kubernetes quantities; gpu is the number of nvidia.com/gpu");
const resources = z.strictObject({ requests: resourceList.optional(), limits: resourceList.optional() });

const mutex = z.strictObject({ name: text, namespace: text.optional(), database: z.boolean().optional() });
const semaphore = z.strictObject({
  configMapKeyRef: z.strictObject({ name: text, key: text, optional: z.boolean().optional() }).optional(),
  database: z.strictObject({ key: text }).optional(),
  namespace: text.optional(),
});
/** Argo 4 has lists only; what Argo 3 had for one is a list of one. */
const synchronization = z
  .strictObject({
    mutexes: z.array(mutex).optional(),
    semaphores: z.array(semaphore).optional(),
    mutex: mutex.optional(),
    semaphore: semaphore.optional(),
  })
  .transform(({ mutex, mutexes = [], semaphore, semaphores = [] }) => ({
    ...listOf("mutexes", [...(mutex === undefined ? [] : [mutex]), ...mutexes]),
    ...listOf("semaphores", [...(semaphore === undefined ? [] : [semaphore]), ...semaphores]),
  }));
const ttl = z.strictObject({
  secondsAfterCompletion: z.number().int().min(0).optional(),
  secondsAfterSuccess: z.number().int().min(0).optional(),
  secondsAfterFailure: z.number().int().min(0).optional(),
});
const podGc = z.strictObject({
  strategy: z.enum(["", "OnPodCompletion", "OnPodSuccess", "OnWorkflowCompletion", "OnWorkflowSuccess"]).optional(),
  labelSelector: object.optional(),
  deleteDelayDuration: text.optional(),
});

/** What a container shape is made of: for all steps, and per override. */
const shape = {
  image: text.optional().describe("image of steps that name none"),
  image_pull_policy: z.enum(["", "Always", "IfNotPresent", "Never"]).optional(),
  resources: resources.optional().describe("requests and limits; a step's own `resources` win"),
  node_selector: labels.optional(),
  tolerations: z.array(object).optional(),
  affinity: object.optional(),
  security_context: object.optional().describe("of the step's container"),
  env: z.record(variableName, variableValue).optional().describe("environment of the step's container"),
  max_step_duration_in_seconds: seconds.optional().describe("deadline of a pod whose step has no timeout"),
  pending_timeout: duration
    .optional()
    .describe("how long a pod may wait for its start, such as 10m; needs Argo 4.1, and ends no step that is repeated"),
  parallelism: z
    .number()
    .int()
    .positive()
    .optional()
    .describe("pods at a time; in an override: items of a map at a time"),
  pod_spec_patch: text.optional().describe("strategic merge patch of the pod, as JSON or YAML text"),
};

export const argoOptions = z.strictObject({
  ...shape,
  kind: z.enum(["workflow", "workflow-template"]).default("workflow").describe("what is written"),
  name: text.optional().describe("name of the workflow; default: the pipeline's"),
  namespace: objectName.max(63).optional(),
  ...scheduleOptions,
  service_account_name: objectName.optional(),
  image_pull_secrets: z.array(objectName).optional(),
  shim: z
    .enum(["init-container", "baked-in", "image-volume"])
    .default("init-container")
    .describe("how the shim comes into a pod"),
  shim_image: text.optional().describe("image with the shim; `magnus shim image` writes its Dockerfile"),
  storage: z
    .strictObject({
      claim: objectName.optional().describe("an existing PersistentVolumeClaim that all pods can write"),
      size: text.optional().describe("instead of a claim: a new one for each run, such as 1Gi, for a trial"),
      storage_class: objectName.optional(),
      access_mode: z.enum(["ReadWriteOnce", "ReadWriteMany"]).default("ReadWriteMany"),
      mount_path: z.string().regex(/^\/./, "must be an absolute path").default("/mnt/magnus"),
    })
    .optional()
    .describe("where run log and catalog are"),
  persistent_volumes: z
    .array(z.strictObject({ name: objectName.describe("the claim"), mount_path: z.string().regex(/^\/./) }))
    .default([])
    .describe("further claims, mounted in every step"),
  secret: objectName.optional().describe("Kubernetes Secret that holds every secret under its name"),
  secrets_from_k8s: z
    .array(z.strictObject({ environment_variable: variableName, secret_name: objectName, secret_key: secretKey }))
    .default([])
    .describe("where single secrets and variables come from"),
  labels: labels.optional(),
  annotations: z.record(labelName, z.string()).optional(),
  ttl_strategy: ttl.optional(),
  pod_gc: podGc.optional(),
  synchronization: synchronization.optional().describe("mutexes and semaphores of the workflow"),
  archive_logs: z.boolean().optional(),
  overlay: overlayOption
    .optional()
    .describe("merged into the workflow last: maps key by key, templates by name, anything else replaced"),
  emit_rbac: z.boolean().default(false).describe("also writes the Role that the service account needs"),
  overrides: z.record(z.string(), z.strictObject({ ...shape, retry_strategy: object.optional() })).default({}),
  retry_strategy: object.optional(),
  max_workflow_duration_in_seconds: seconds.optional(),
  expose_parameters_as_inputs: z.boolean().optional(),
  output_file: text.optional(),
});

/** Read since magnus-core's configurations have them. */
export const unusedOptions = {
  retry_strategy: "a step's `max_attempts` and `backoff` say how it is repeated",
  max_workflow_duration_in_seconds: "it would end failure handlers, too; a step has its `timeout`",
  expose_parameters_as_inputs: "parameters always are inputs",
  output_file: "`magnus compile -o` names the folder",
};

export type ArgoOptions = z.infer<typeof argoOptions>;
export type ShapeOptions = Pick<ArgoOptions, keyof typeof shape>;

function listOf<T>(name: string, list: readonly T[]): { readonly [name: string]: readonly T[] } {
  return list.length === 0 ? {} : { [name]: list };
}
