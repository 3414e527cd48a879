/** Fields that are simulated, that have no effect here, and that are refused by name; any other is unknown to Argo. */
import type { Problem } from "../workflow/finding.ts";
import { isObject, type Path } from "../workflow/read-manifest.ts";

export function checkFields(value: unknown): readonly Problem[] {
  const problems: Problem[] = [];
  const waiting: { readonly value: unknown; readonly shape: Shape; readonly path: Path }[] = [
    { value, shape: workflow, path: [] },
  ];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const { shape, path } = at;
    if (shape === "any" || !isObject(at.value)) continue;
    if ("each" in shape) {
      for (const [key, item] of Array.isArray(at.value) ? at.value.entries() : Object.entries(at.value))
        waiting.push({ value: item, shape: shape.each, path: [...path, key] });
      continue;
    }
    for (const [key, item] of Object.entries(at.value)) {
      const below = shape.fields[key];
      if (below !== undefined) waiting.push({ value: item, shape: below, path: [...path, key] });
      else problems.push(...fieldProblems(key, shape, path));
    }
  }
  return problems;
}

function fieldProblems(field: string, { refused, ignored }: Fields, path: Path): readonly Problem[] {
  if (refused.includes(field)) return [{ path: [...path, field], message: `${field} is not simulated` }];
  return ignored.includes(field) ? [] : [{ path: [...path, field], message: `unknown field ${field}` }];
}

type Shape = "any" | { readonly each: Shape } | Fields;

interface Fields {
  readonly fields: { readonly [field: string]: Shape | undefined };
  /** They have no effect on what runs and how it ends, or none on this machine. */
  readonly ignored: readonly string[];
  readonly refused: readonly string[];
}

function shape(fields: { readonly [field: string]: Shape }, ignored = "", refused = ""): Shape {
  return { fields, ignored: ignored.split(/\s+/), refused: refused.split(/\s+/) };
}

function all(names: string): { readonly [field: string]: Shape } {
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, "any"]));
}

const parameter = shape(
  {
    ...all("name value default"),
    valueFrom: shape(all("path parameter expression default"), "", "configMapKeyRef supplied event jqFilter jsonPath"),
  },
  "enum description",
  "globalName",
);

const parameters = shape({ parameters: { each: parameter } }, "", "artifacts result exitCode");

const step: { readonly [field: string]: Shape } = {
  ...all("name template when"),
  arguments: parameters,
};

const task = shape(
  {
    ...step,
    ...all("depends dependencies withItems withParam"),
    withSequence: shape(all("count start end format")),
  },
  "",
  "templateRef inline continueOn onExit hooks",
);

const container = shape(
  all("name image command args env workingDir volumeMounts"),
  `imagePullPolicy resources securityContext ports livenessProbe readinessProbe startupProbe terminationMessagePath
  terminationMessagePolicy stdin tty stdinOnce volumeDevices restartPolicy resizePolicy`,
  "envFrom lifecycle mirrorVolumeMounts",
);

const template = shape(
  {
    ...all("name volumes parallelism activeDeadlineSeconds"),
    inputs: parameters,
    outputs: parameters,
    dag: shape({ ...all("failFast"), tasks: { each: task } }, "", "target"),
    steps: {
      each: { each: shape(step, "", "templateRef inline continueOn onExit hooks withItems withParam withSequence") },
    },
    container,
    initContainers: { each: container },
    suspend: shape(all("duration")),
    retryStrategy: shape(
      { ...all("limit retryPolicy expression"), backoff: shape(all("duration factor cap"), "", "maxDuration") },
      "affinity",
    ),
  },
  `nodeSelector affinity tolerations metadata securityContext serviceAccountName automountServiceAccountToken
  priorityClassName schedulerName podSpecPatch hostAliases archiveLocation executor metrics annotations resources
  podResources pendingTimeout`,
  `script resource http data plugin containerSet sidecars daemon synchronization memoize timeout failFast
  priority`,
);

const spec = shape(
  {
    ...all("entrypoint volumes volumeClaimTemplates parallelism onExit"),
    arguments: parameters,
    templates: { each: template },
    hooks: { each: shape({ ...all("expression template"), arguments: parameters }, "", "templateRef") },
  },
  // One workflow runs here, so that one of its own kind never keeps it waiting.
  `serviceAccountName automountServiceAccountToken ttlStrategy podGC archiveLogs imagePullSecrets nodeSelector tolerations
  affinity securityContext priority podPriorityClassName schedulerName podDisruptionBudget podMetadata podSpecPatch
  volumeClaimGC dnsPolicy dnsConfig hostNetwork hostAliases metrics synchronization executor artifactGC
  artifactRepositoryRef`,
  `activeDeadlineSeconds suspend shutdown workflowTemplateRef retryStrategy templateDefaults workflowMetadata
  executorPlugins arguments.artifacts`,
);

const workflow = shape({ apiVersion: "any", kind: "any", metadata: "any", spec }, "status");
