/**
 * Runs workflows in the real Argo controller. In: a Workflow, and a host for its pods. Out: how each node ended.
 * The controller is a program that the machine has (see `findController`); Kubernetes and kubelet are our own, in process.
 */
import { spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { PodHost } from "../../src/simulate/argo/pods/pod.ts";
import { plainEnvironment } from "../support/programs.ts";
import { type Served, startKubelet } from "./kubelet.ts";
import { type KubernetesApi, startKubernetesApi } from "./kubernetes-api.ts";
import type { KubernetesObject } from "./object-store.ts";
import { readStatus, type WorkflowStatus } from "./workflow-status.ts";

export interface ControllerRun extends WorkflowStatus {
  /** Pods created. */
  readonly pods: number;
  /** Nothing moved any more although no pod was running. */
  readonly hung: boolean;
}

export interface RunOptions {
  readonly name: string;
  readonly host: PodHost;
  /** After how much silence it may hang, where its reconciliation takes long. Milliseconds. */
  readonly patience?: number;
  /** As `argo stop` or `argo terminate`, once `when` is there. */
  readonly shutdown?: { readonly strategy: "Stop" | "Terminate"; readonly when: Promise<void> };
}

export interface Controller {
  /**
   * Runs a Workflow under a name of its own, which is also the run's id. Several may run at a time. Throws where the
   * controller or this harness fails.
   */
  readonly runInController: (workflow: KubernetesObject, options: RunOptions) => Promise<ControllerRun>;
  /** The last lines that the controller wrote. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

const namespace = "magnus";
/** A workflow that has not moved for so long may hang: the controller requeues it every 50 ms. Milliseconds. */
const suspicious = 2_000;
/** Of a whole workflow. Milliseconds. */
const longest = 300_000;

/** The binary named by MAGNUS_ARGO_CONTROLLER, or `workflow-controller` on PATH; a text says why there is none. */
export function findController(): { readonly program: string } | { readonly missing: string } {
  const named = process.env.MAGNUS_ARGO_CONTROLLER;
  if (named !== undefined && named !== "") {
    return isProgram(named)
      ? { program: named }
      : { missing: `MAGNUS_ARGO_CONTROLLER names ${named}, which cannot be run` };
  }
  for (const folder of (process.env.PATH ?? "").split(path.delimiter)) {
    const program = path.join(folder, "workflow-controller");
    if (isProgram(program)) return { program };
  }
  return { missing: "no workflow-controller on PATH, and MAGNUS_ARGO_CONTROLLER names none" };
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export async function startController(program: string): Promise<Controller> {
  const api = await startKubernetesApi();
  prepareCluster(api);
  const kubelet = startKubelet(api);
  const instance = startProgram(program, api.url);
  let canaries = 0;

  const runOne: Controller["runInController"] = async (workflow, { name, host, shutdown, patience = suspicious }) => {
    const pods = kubelet.serve(name, host);
    try {
      submit(api, workflow, name);
      void shutdown?.when.then(() => shutDown(api, name, shutdown.strategy));
      const hung = !(await ends(name, pods, patience));
      return { ...readStatus(api.store("workflows").get(namespace, name)), pods: pods.started(), hung };
    } finally {
      forget(api, name);
      pods.leave();
    }
  };

  /** Whether a workflow ends by itself. */
  const ends = async (name: string, pods: Served, patience: number): Promise<boolean> => {
    const start = Date.now();
    for (let seen = "", since = start; ; await sleep(25)) {
      pods.check();
      instance.check();
      const workflow = api.store("workflows").get(namespace, name);
      if (workflow.metadata.labels?.["workflows.argoproj.io/completed"] === "true") return true;
      const now = Date.now();
      if (now - start > longest) throw new Error(`${name} still runs after ${longest / 1000} s\n${instance.log()}`);
      const state = `${workflow.metadata.resourceVersion} ${pods.started()}`;
      if (state !== seen || pods.running() > 0 || backsOff(workflow)) [seen, since] = [state, now];
      if (now - since < patience || name.startsWith(canary)) continue;
      // A controller that is busy looks the same as a workflow that hangs. It is not busy if it ends another one meanwhile.
      await runOne(smallest, { name: `${canary}${++canaries}`, host: noPods });
      const { resourceVersion } = api.store("workflows").get(namespace, name).metadata;
      if (`${resourceVersion} ${pods.started()}` === state) return false;
    }
  };

  return {
    runInController: runOne,
    log: instance.log,
    stop: async () => {
      kubelet.stop();
      await instance.stop();
      await api.close();
    },
  };
}

const canary = "canary-";
const noPods: PodHost = () => Promise.reject(new Error("a pod was started where none was expected"));

/** Ends without a pod. */
const smallest: KubernetesObject = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Workflow",
  metadata: { name: "" },
  spec: { entrypoint: "nothing", templates: [{ name: "nothing", suspend: { duration: "0" } }] },
};

/** Whether a retry waits for its time. */
function backsOff(workflow: KubernetesObject): boolean {
  return readStatus(workflow).nodes.some(({ message }) => message?.startsWith("Backoff for "));
}

function prepareCluster(api: KubernetesApi): void {
  api.store("namespaces").create("", { metadata: { name: namespace } });
  api.store("serviceaccounts").create(namespace, { metadata: { name: "default" } });
  api.store("configmaps").create(namespace, {
    metadata: { name: "workflow-controller-configmap" },
    // Metrics would open a listener; events are of no use here and cost a request a node.
    data: {
      metricsConfig: "enabled: false\n",
      telemetryConfig: "enabled: false\n",
      nodeEvents: "enabled: false\n",
      workflowEvents: "enabled: false\n",
    },
  });
}

interface Program {
  /** Throws where the controller has ended. */
  readonly check: () => void;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

function startProgram(program: string, url: string): Program {
  const folder = mkdtempSync(path.join(tmpdir(), "magnus-argo-controller-"));
  const kubeconfig = path.join(folder, "kubeconfig.json");
  writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf(url)));
  const args = ["--kubeconfig", kubeconfig, "--namespaced", "--executor-image", "argoexec:none", "--loglevel", "error"];
  const child = spawn(program, [...args, "--qps", "2000", "--burst", "2000"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...plainEnvironment(),
      // Its default of 10 s is how long a requeued workflow waits.
      DEFAULT_REQUEUE_TIME: "50ms",
      RECENTLY_STARTED_POD_DURATION: "1s",
      KUBE_FEATURE_WatchListClient: "false",
      LEADER_ELECTION_DISABLE: "true",
      // With it, one workflow of a wrong shape, which a real API server would refuse, ends the controller.
      INDEX_WORKFLOW_SEMAPHORE_KEYS: "false",
    },
  });
  const lines: string[] = [];
  const keep = (text: string): void => {
    lines.push(text);
    if (lines.length > 200) lines.splice(0, 100);
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  let failure: string | undefined;
  child.on("error", (error) => (failure = error.message));
  const ended = new Promise<void>((resolve) => child.on("close", resolve));
  void ended.then(() => (failure ??= `it exited with ${child.exitCode ?? child.signalCode}`));
  return {
    check: () => {
      if (failure !== undefined) throw new Error(`the controller has ended: ${failure}\n${lines.join("")}`);
    },
    log: () => lines.join(""),
    stop: async () => {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await ended;
      clearTimeout(timer);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function kubeconfigOf(url: string): object {
  const context = { cluster: "memory", user: "anybody", namespace };
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "memory", cluster: { server: url } }],
    users: [{ name: "anybody", user: {} }],
    contexts: [{ name: "memory", context }],
    "current-context": "memory",
  };
}

function submit(api: KubernetesApi, workflow: KubernetesObject, name: string): void {
  const { generateName: _, ...metadata } = workflow.metadata;
  api.store("workflows").create(namespace, { ...workflow, metadata: { ...metadata, name, namespace } });
}

function shutDown(api: KubernetesApi, name: string, strategy: string): void {
  const workflow: KubernetesObject & { readonly spec?: object } = api.store("workflows").get(namespace, name);
  api.store("workflows").update(namespace, name, { ...workflow, spec: { ...workflow.spec, shutdown: strategy } });
}

function ofWorkflow(objects: readonly KubernetesObject[], name: string): readonly KubernetesObject[] {
  return objects.filter(({ metadata }) => metadata.labels?.["workflows.argoproj.io/workflow"] === name);
}

/** A controller that has many workflows to look after is slow, and a hung one is requeued for ever. */
function forget(api: KubernetesApi, name: string): void {
  for (const resource of ["workflows", "pods", "workflowtaskresults", "configmaps"] as const) {
    const store = api.store(resource);
    const mine = resource === "workflows" ? [store.get(namespace, name)] : ofWorkflow(store.list(), name);
    for (const { metadata } of mine) {
      // Nobody else would take the finalizers off.
      if (metadata.finalizers?.length)
        store.update(namespace, metadata.name, {
          ...store.get(namespace, metadata.name),
          metadata: { ...metadata, finalizers: [] },
        });
      store.delete(namespace, metadata.name);
    }
  }
}
