/**
 * The kubelet and Argo's executor in one. In: the pods that the controller creates. Out: their status, and the
 * WorkflowTaskResult in which Argo's `wait` container reports the output parameters. What a pod does is decided by the
 * host of its workflow: local processes (`src/simulate/argo/pods/run-pod.ts`) or a script.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Container, Pod, PodEnd, PodHost, Volume } from "../../src/simulate/argo/pods/pod.ts";
import type { KubernetesApi } from "./kubernetes-api.ts";
import type { KubernetesObject } from "./object-store.ts";

export interface Kubelet {
  /** Pods of this workflow are run by `host` from now on. */
  readonly serve: (workflow: string, host: PodHost) => Served;
  readonly stop: () => void;
}

/** The pods of one workflow. */
export interface Served {
  /** Pods that were created. */
  readonly started: () => number;
  /** Pods that have not ended. */
  readonly running: () => number;
  /** Throws what went wrong in the harness, if something did. */
  readonly check: () => void;
  /** Pods that are created later are ignored. */
  readonly leave: () => void;
}

/** What Argo's executor exits with where it fails itself, as when an output is missing. */
const executorFailed = 64;

interface Serving {
  readonly host: PodHost;
  readonly running: Map<string, AbortController>;
  readonly defects: unknown[];
  started: number;
}

export function startKubelet(api: KubernetesApi): Kubelet {
  const workflows = new Map<string, Serving>();
  const stop = api.store("pods").watch(0, ({ before, after }) => {
    const { uid = "", labels } = (after ?? before)?.metadata ?? {};
    const serving = workflows.get(labels?.["workflows.argoproj.io/workflow"] ?? "");
    if (serving === undefined) return;
    if (after === undefined) serving.running.get(uid)?.abort();
    if (after === undefined || before !== undefined) return;
    const abort = new AbortController();
    serving.started++;
    serving.running.set(uid, abort);
    runPodObject(api, after, serving.host, abort.signal)
      .catch((error: unknown) => serving.defects.push(error))
      .finally(() => serving.running.delete(uid));
  });
  return {
    serve: (workflow, host) => {
      const serving: Serving = { host, running: new Map(), defects: [], started: 0 };
      workflows.set(workflow, serving);
      return {
        started: () => serving.started,
        running: () => serving.running.size,
        check: () => {
          if (serving.defects.length > 0) throw serving.defects[0];
        },
        leave: () => void workflows.delete(workflow),
      };
    },
    stop: () => {
      stop();
      for (const { running } of workflows.values()) for (const abort of running.values()) abort.abort();
    },
  };
}

async function runPodObject(
  api: KubernetesApi,
  object: KubernetesObject,
  host: PodHost,
  signal: AbortSignal,
): Promise<void> {
  // Created means answered: the status must not be older than the answer to whoever created it.
  await sleep(0);
  setStatus(api, object, { phase: "Running", startTime: now() });
  const pod = startedPod(api, object, signal);
  const end = await host(pod);
  if (signal.aborted) return;
  if (end.deleted) return removePod(api, object);
  if (end.waiting !== undefined) return wait(api, object, pod, end.waiting);
  if (end.evicted) {
    const message = "The node was low on resource: memory.";
    return setStatus(api, object, { phase: "Failed", reason: "Evicted", message });
  }
  if (end.deadlineExceeded) {
    const message = "Pod was active on the node longer than the specified deadline";
    setStatus(api, object, { phase: "Failed", reason: "DeadlineExceeded", message });
    return;
  }
  const missing = pod.outputs.find((output) => end.outputs[output.name] === undefined && output.default === undefined);
  const waitExit = end.waitExit ?? (missing === undefined || end.initExit !== undefined ? 0 : executorFailed);
  // An init container that fails keeps `wait` from starting, so nothing is reported then either.
  if (end.report !== false && end.initExit === undefined) report(api, object, pod, end);
  setStatus(api, object, podStatus(object, end, waitExit));
}

/** As garbage collection does when a node is lost, whatever finalizers there are. */
function removePod(api: KubernetesApi, { metadata: { namespace = "", name } }: KubernetesObject): void {
  const pods = api.store("pods");
  if (!pods.has(namespace, name)) return;
  const { resourceVersion: _, ...current } = pods.get(namespace, name).metadata;
  pods.update(namespace, name, { ...pods.get(namespace, name), metadata: { ...current, finalizers: [] } });
  pods.delete(namespace, name);
}

/** A container that cannot start: pending until the deadline, whose time is over at once here. */
function wait(api: KubernetesApi, object: KubernetesObject, { activeDeadlineSeconds }: Pod, message: string): void {
  const state = { waiting: { reason: "ImagePullBackOff", message } };
  setStatus(api, object, { phase: "Pending", containerStatuses: [{ name: "main", state }] });
  if (activeDeadlineSeconds === undefined) return;
  const late = "Pod was active on the node longer than the specified deadline";
  setStatus(api, object, { phase: "Failed", reason: "DeadlineExceeded", message: late });
}

/** Argo (executor.go, SaveParameters): one final newline is dropped; a missing file gives the default. */
function report(api: KubernetesApi, object: KubernetesObject, pod: Pod, end: PodEnd): void {
  const { namespace = "", name, annotations = {}, labels = {} } = object.metadata;
  const parameters = pod.outputs.flatMap((output) => {
    const value = end.outputs[output.name] ?? output.default;
    const { name, path } = output;
    return value === undefined ? [] : [{ name, valueFrom: { path }, value: value.replace(/\n$/, "") }];
  });
  api.store("workflowtaskresults").create(namespace, {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "WorkflowTaskResult",
    metadata: {
      name: annotations["workflows.argoproj.io/node-id"] ?? name,
      labels: {
        "workflows.argoproj.io/workflow": labels["workflows.argoproj.io/workflow"] ?? "",
        "workflows.argoproj.io/report-outputs-completed": "true",
      },
    },
    ...(parameters.length === 0 ? {} : { outputs: { parameters } }),
  });
}

function podStatus(object: KubernetesObject, end: PodEnd, waitExit: number): object {
  const { spec } = podOf(object);
  const failedInit = end.initExit;
  const userInit = spec.initContainers.filter(({ name }) => name !== "init");
  const containers = failedInit === undefined ? [terminated("main", end.exit), terminated("wait", waitExit)] : [];
  const failed = failedInit !== undefined || end.exit !== 0 || waitExit !== 0;
  return {
    phase: failed ? "Failed" : "Succeeded",
    initContainerStatuses: [
      terminated("init", 0),
      ...userInit.map(({ name }, i) => terminated(name, i === userInit.length - 1 ? (failedInit ?? 0) : 0)),
    ],
    containerStatuses: containers,
  };
}

function terminated(name: string, exitCode: number): object {
  const times = { startedAt: now(), finishedAt: now() };
  return { name, state: { terminated: { exitCode, reason: exitCode === 0 ? "Completed" : "Error", ...times } } };
}

function setStatus(api: KubernetesApi, { metadata }: KubernetesObject, status: object): void {
  const { namespace = "", name } = metadata;
  const pods = api.store("pods");
  if (!pods.has(namespace, name)) return;
  const { resourceVersion: _, ...current } = pods.get(namespace, name).metadata;
  pods.update(namespace, name, { ...pods.get(namespace, name), metadata: current, status });
}

function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}

interface PodObject extends KubernetesObject {
  readonly spec: {
    readonly initContainers: readonly Container[];
    readonly containers: readonly Container[];
    readonly volumes: readonly Volume[];
    readonly activeDeadlineSeconds?: number;
  };
}

interface Template {
  readonly outputs?: {
    readonly parameters?: readonly {
      readonly name: string;
      readonly valueFrom?: { readonly path?: string; readonly default?: string };
    }[];
  };
}

/** The pod without what Argo adds to it: executor containers, the emissary, the environment and volumes of both. */
function startedPod(api: KubernetesApi, object: KubernetesObject, signal: AbortSignal): Pod {
  const { spec, metadata } = podOf(object);
  const { namespace = "", name, annotations = {}, labels = {} } = metadata;
  const main = spec.containers.find((container) => container.name === "main");
  if (main === undefined) throw new Error(`the pod ${name} has no main container`);
  const offloaded = api.store("configmaps").has(namespace, name)
    ? api.store("configmaps").get(namespace, name)
    : undefined;
  const data = (offloaded?.data ?? {}) as { readonly [name: string]: string };
  const variables = [...spec.initContainers, ...spec.containers].flatMap(({ env = [] }) => env);
  const inline = variables.find((variable) => variable.name === "ARGO_TEMPLATE")?.value ?? "{}";
  const template: Template = JSON.parse(inline === "offloaded" ? (data.ARGO_TEMPLATE ?? "{}") : inline);
  const { activeDeadlineSeconds } = spec;
  return {
    name,
    node: (annotations["workflows.argoproj.io/node-name"] ?? "").slice(
      (labels["workflows.argoproj.io/workflow"] ?? "").length,
    ),
    initContainers: spec.initContainers.filter((container) => container.name !== "init"),
    main: withoutEmissary(main, data.ARGO_CONTAINER_ARGS_FILE),
    volumes: spec.volumes.filter((volume) => !ownVolumes.includes(volume.name)),
    outputs: (template.outputs?.parameters ?? []).flatMap(({ name, valueFrom }) => {
      const { path, default: fallback } = valueFrom ?? {};
      return path === undefined ? [] : [{ name, path, ...(fallback === undefined ? {} : { default: fallback }) }];
    }),
    ...(activeDeadlineSeconds === undefined ? {} : { activeDeadlineSeconds }),
    signal,
  };
}

const ownVolumes = ["var-run-argo", "tmp-dir-argo", "argo-staging", "input-artifacts", "argo-env-config"];

/** `argoexec emissary … -- COMMAND…` and its arguments; arguments over 128 KiB together come from a ConfigMap. */
function withoutEmissary(container: Container, offloadedArgs: string | undefined): Container {
  const { command = [], args = [], env = [], volumeMounts = [] } = container;
  const own = command.indexOf("--");
  if (own < 0) throw new Error(`the command of ${container.name} is not the emissary's: ${command.join(" ")}`);
  return {
    ...container,
    command: command.slice(own + 1),
    args: offloadedArgs === undefined ? args : JSON.parse(offloadedArgs),
    env: env.filter(({ name }) => !name.startsWith("ARGO_")),
    volumeMounts: volumeMounts.filter(({ name }) => !ownVolumes.includes(name)),
  };
}

function podOf(object: KubernetesObject): PodObject {
  // The parse boundary: the controller's pods, where empty lists are left out.
  const { spec } = object as PodObject;
  return {
    ...object,
    spec: { ...spec, initContainers: spec.initContainers ?? [], volumes: spec.volumes ?? [] },
  };
}
