/** The parse boundary: parts of a Workflow as plain data. Numbers and booleans where Argo has texts are read as texts. */
import * as z from "zod";

const anyString = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const valueFrom = z.looseObject({
  path: z.string().optional(),
  parameter: z.string().optional(),
  expression: z.string().optional(),
  default: anyString.optional(),
});

const parameter = z.looseObject({
  name: z.string(),
  default: anyString.optional(),
  value: anyString.optional(),
  valueFrom: valueFrom.optional(),
});

const parameters = z.looseObject({ parameters: z.array(parameter).optional() });

const task = z.looseObject({
  name: z.string(),
  template: z.string(),
  arguments: parameters.optional(),
  withItems: z.array(z.unknown()).optional(),
  withParam: z.string().optional(),
  withSequence: z
    .looseObject({
      count: anyString.optional(),
      start: anyString.optional(),
      end: anyString.optional(),
      format: z.string().optional(),
    })
    .optional(),
  when: z.string().optional(),
  depends: z.string().optional(),
  dependencies: z.array(z.string()).optional(),
});

const step = task.omit({ depends: true, dependencies: true });

const container = z.looseObject({
  name: z.string().optional(),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  workingDir: z.string().optional(),
  env: z
    .array(
      z.looseObject({
        name: z.string(),
        value: z.string().optional(),
        valueFrom: z
          .looseObject({
            secretKeyRef: z
              .looseObject({ name: z.string(), key: z.string(), optional: z.boolean().optional() })
              .optional(),
          })
          .optional(),
      }),
    )
    .optional(),
  volumeMounts: z
    .array(z.looseObject({ name: z.string(), mountPath: z.string(), subPath: z.string().optional() }))
    .optional(),
});

const volume = z.looseObject({
  name: z.string(),
  emptyDir: z.looseObject({}).optional(),
  persistentVolumeClaim: z.looseObject({ claimName: z.string() }).optional(),
});

const template = z.looseObject({
  name: z.string(),
  inputs: parameters.optional(),
  outputs: parameters.optional(),
  dag: z.looseObject({ failFast: z.boolean().optional(), tasks: z.array(task) }).optional(),
  steps: z.array(z.array(step)).optional(),
  container: container.optional(),
  initContainers: z.array(container).optional(),
  suspend: z.looseObject({ duration: anyString.optional() }).optional(),
  volumes: z.array(volume).optional(),
  parallelism: z.coerce.number().int().optional(),
  activeDeadlineSeconds: z.coerce.number().optional(),
  retryStrategy: z
    .looseObject({
      limit: z.coerce.number().int().optional(),
      retryPolicy: z.enum(["Always", "OnError", "OnFailure"]).optional(),
      expression: z.string().optional(),
      backoff: z
        .looseObject({
          duration: anyString.optional(),
          factor: z.coerce.number().optional(),
          cap: anyString.optional(),
        })
        .optional(),
    })
    .optional(),
});

const spec = z.looseObject({
  entrypoint: z.string(),
  serviceAccountName: z.string().optional(),
  arguments: parameters.optional(),
  templates: z.array(template),
  volumes: z.array(volume).optional(),
  volumeClaimTemplates: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })).optional(),
  parallelism: z.coerce.number().int().optional(),
  onExit: z.string().optional(),
  hooks: z
    .record(
      z.string(),
      z.looseObject({ expression: z.string().optional(), template: z.string(), arguments: parameters.optional() }),
    )
    .optional(),
});

const metadata = z.looseObject({
  name: z.string().optional(),
  generateName: z.string().optional(),
  namespace: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

const workflow = z.looseObject({ kind: z.string(), metadata, spec });

export type Parameter = z.infer<typeof parameter>;
export type ValueFrom = z.infer<typeof valueFrom>;
export type Task = z.infer<typeof task>;
export type Template = z.infer<typeof template>;
export type WorkflowSpec = z.infer<typeof spec>;
export type Workflow = z.infer<typeof workflow>;
type TemplateVolume = z.infer<typeof volume>;

export const workflowSchema = workflow;
export const readTask = (value: unknown): Task => task.parse(value);
export const readTemplate = (value: unknown): Template => template.parse(value);
export const readVolumes = (value: unknown): readonly TemplateVolume[] => z.array(volume).parse(value);

export type TemplateKind = "dag" | "steps" | "container" | "suspend";

/** Undefined where a template has no body. */
export function kindOf({ dag, steps, container, suspend }: Template): TemplateKind | undefined {
  if (dag) return "dag";
  if (steps) return "steps";
  if (container) return "container";
  return suspend ? "suspend" : undefined;
}
