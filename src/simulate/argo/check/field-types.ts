/** Printed by scripts/argo-field-types.mjs from the CustomResourceDefinition of Argo Workflows 4.1.2. */
export type FieldType =
  | "any"
  | "boolean"
  | "int-or-string"
  | "integer"
  | "object"
  | "string"
  | readonly [FieldType]
  /** `*`: any other field. */
  | { readonly [field: string]: FieldType };

const valueFrom: FieldType = {
  default: "string",
  expression: "string",
  parameter: "string",
  path: "string",
  "*": "any",
};

const parameters: FieldType = {
  default: "string",
  description: "string",
  enum: ["string"],
  name: "string",
  value: "string",
  valueFrom: valueFrom,
  "*": "any",
};

const hooks: FieldType = {
  arguments: { artifacts: "object", parameters: [parameters] },
  expression: "string",
  template: "string",
  "*": "any",
};

const podGC: FieldType = {
  deleteDelayDuration: "string",
  labelSelector: { matchExpressions: "object", matchLabels: { "*": "string" } },
  strategy: "string",
};

const podResources: FieldType = {
  claims: [{ name: "string", request: "string" }],
  limits: { "*": "int-or-string" },
  requests: { "*": "int-or-string" },
};

const securityContext: FieldType = {
  appArmorProfile: { localhostProfile: "string", type: "string" },
  fsGroup: "integer",
  fsGroupChangePolicy: "string",
  runAsGroup: "integer",
  runAsNonRoot: "boolean",
  runAsUser: "integer",
  seLinuxChangePolicy: "string",
  seLinuxOptions: { level: "string", role: "string", type: "string", user: "string" },
  seccompProfile: { localhostProfile: "string", type: "string" },
  supplementalGroups: ["integer"],
  supplementalGroupsPolicy: "string",
  sysctls: [{ name: "string", value: "string" }],
  windowsOptions: "object",
};

const semaphores: FieldType = {
  configMapKeyRef: { key: "string", name: "string", optional: "boolean" },
  database: { key: "string" },
  namespace: "string",
};

const synchronization: FieldType = {
  mutexes: [{ database: "boolean", name: "string", namespace: "string" }],
  semaphores: [semaphores],
};

const valueFromOfPod: FieldType = { secretKeyRef: { key: "string", name: "string", optional: "boolean" }, "*": "any" };

const securityContextOfPod: FieldType = {
  allowPrivilegeEscalation: "boolean",
  appArmorProfile: { localhostProfile: "string", type: "string" },
  capabilities: { add: ["string"], drop: ["string"] },
  privileged: "boolean",
  procMount: "string",
  readOnlyRootFilesystem: "boolean",
  runAsGroup: "integer",
  runAsNonRoot: "boolean",
  runAsUser: "integer",
  seLinuxOptions: { level: "string", role: "string", type: "string", user: "string" },
  seccompProfile: { localhostProfile: "string", type: "string" },
  windowsOptions: "object",
};

const volumeMounts: FieldType = {
  mountPath: "string",
  mountPropagation: "string",
  name: "string",
  readOnly: "boolean",
  recursiveReadOnly: "string",
  subPath: "string",
  subPathExpr: "string",
};

const container: FieldType = {
  args: ["string"],
  command: ["string"],
  env: [{ name: "string", value: "string", valueFrom: valueFromOfPod }],
  image: "string",
  imagePullPolicy: "string",
  name: "string",
  ports: "object",
  resources: podResources,
  securityContext: securityContextOfPod,
  stdin: "boolean",
  stdinOnce: "boolean",
  terminationMessagePath: "string",
  terminationMessagePolicy: "string",
  tty: "boolean",
  volumeMounts: [volumeMounts],
  workingDir: "string",
  "*": "any",
};

const withSequence: FieldType = {
  count: "int-or-string",
  end: "int-or-string",
  format: "string",
  start: "int-or-string",
};

const tasks: FieldType = {
  arguments: { artifacts: "object", parameters: [parameters] },
  dependencies: ["string"],
  depends: "string",
  name: "string",
  template: "string",
  when: "string",
  withItems: "any",
  withParam: "string",
  withSequence: withSequence,
  "*": "any",
};

const initContainers: FieldType = {
  args: ["string"],
  command: ["string"],
  env: [{ name: "string", value: "string", valueFrom: valueFromOfPod }],
  image: "string",
  imagePullPolicy: "string",
  name: "string",
  resources: podResources,
  securityContext: securityContextOfPod,
  volumeMounts: [volumeMounts],
  workingDir: "string",
  "*": "any",
};

const outputs: FieldType = { artifacts: "object", exitCode: "string", parameters: [parameters], result: "string" };

const backoff: FieldType = { cap: "string", duration: "string", factor: "int-or-string", maxDuration: "string" };

const retryStrategy: FieldType = {
  affinity: "object",
  backoff: backoff,
  expression: "string",
  limit: "int-or-string",
  retryPolicy: "string",
};

const steps: FieldType = {
  arguments: { artifacts: "object", parameters: [parameters] },
  name: "string",
  template: "string",
  when: "string",
  withItems: "any",
  withParam: "string",
  withSequence: withSequence,
  "*": "any",
};

const tolerations: FieldType = {
  effect: "string",
  key: "string",
  operator: "string",
  tolerationSeconds: "integer",
  value: "string",
};

const volumes: FieldType = {
  emptyDir: { medium: "string", sizeLimit: "int-or-string" },
  image: { pullPolicy: "string", reference: "string" },
  name: "string",
  persistentVolumeClaim: { claimName: "string", readOnly: "boolean" },
  "*": "any",
};

const templates: FieldType = {
  activeDeadlineSeconds: "int-or-string",
  affinity: "object",
  annotations: { "*": "string" },
  archiveLocation: "object",
  automountServiceAccountToken: "boolean",
  container: container,
  dag: { failFast: "boolean", tasks: [tasks], "*": "any" },
  executor: "object",
  hostAliases: [{ hostnames: ["string"], ip: "string" }],
  initContainers: [initContainers],
  inputs: { artifacts: "object", parameters: [parameters] },
  metadata: { annotations: { "*": "string" }, labels: { "*": "string" } },
  metrics: "object",
  name: "string",
  nodeSelector: { "*": "string" },
  outputs: outputs,
  parallelism: "integer",
  pendingTimeout: "string",
  podResources: podResources,
  podSpecPatch: "string",
  priorityClassName: "string",
  retryStrategy: retryStrategy,
  schedulerName: "string",
  securityContext: securityContext,
  serviceAccountName: "string",
  steps: [[steps]],
  suspend: { duration: "string" },
  tolerations: [tolerations],
  volumes: [volumes],
  "*": "any",
};

const ttlStrategy: FieldType = {
  secondsAfterCompletion: "integer",
  secondsAfterFailure: "integer",
  secondsAfterSuccess: "integer",
};

const metadata: FieldType = {
  annotations: { "*": "string" },
  finalizers: ["string"],
  generateName: "string",
  labels: { "*": "string" },
  name: "string",
  namespace: "string",
};

const volumeClaimTemplates: FieldType = {
  metadata: metadata,
  spec: {
    accessModes: ["string"],
    dataSource: { apiGroup: "string", kind: "string", name: "string" },
    dataSourceRef: { apiGroup: "string", kind: "string", name: "string", namespace: "string" },
    resources: { limits: { "*": "int-or-string" }, requests: { "*": "int-or-string" } },
    selector: "object",
    storageClassName: "string",
    volumeAttributesClassName: "string",
    volumeMode: "string",
    volumeName: "string",
  },
  "*": "any",
};

/** Of a Workflow's `spec`: the types that the API server takes. */
export const fieldTypes: FieldType = {
  affinity: "object",
  archiveLogs: "boolean",
  arguments: { artifacts: "object", parameters: [parameters] },
  artifactGC: "object",
  artifactRepositoryRef: "object",
  automountServiceAccountToken: "boolean",
  dnsConfig: "object",
  dnsPolicy: "string",
  entrypoint: "string",
  executor: "object",
  hooks: { "*": hooks },
  hostAliases: [{ hostnames: ["string"], ip: "string" }],
  hostNetwork: "boolean",
  imagePullSecrets: [{ name: "string" }],
  metrics: "object",
  nodeSelector: { "*": "string" },
  onExit: "string",
  parallelism: "integer",
  podDisruptionBudget: "object",
  podGC: podGC,
  podMetadata: "object",
  podPriorityClassName: "string",
  podResources: podResources,
  podSpecPatch: "string",
  priority: "integer",
  schedulerName: "string",
  securityContext: securityContext,
  serviceAccountName: "string",
  synchronization: synchronization,
  templates: [templates],
  tolerations: [tolerations],
  ttlStrategy: ttlStrategy,
  volumeClaimGC: { strategy: "string" },
  volumeClaimTemplates: [volumeClaimTemplates],
  volumes: [volumes],
  "*": "any",
};
