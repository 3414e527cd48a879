import type { Plan, PlanComposite, PlanGraph } from "../../src/plan/plan-node.ts";
import { creatingVerdictSpec } from "../../src/plan/verdict-spec.ts";
import { argumentText } from "../../src/protocol/argument-text.ts";
import { isArray, type Json } from "../../src/protocol/json.ts";
import { present } from "../../src/system/present.ts";
import { cronWorkflow } from "./cron-workflow.ts";
import type { Graphs } from "./graphs/building.ts";
import { printGraphs } from "./graphs/graphs.ts";
import { ownTemplates, templateNames, workflowName } from "./graphs/names.ts";
import { dagObject, type Task } from "./graphs/task.ts";
import type { ArgoOptions } from "./options.ts";
import { containerShapes } from "./shapes.ts";
import type { Storage } from "./storage.ts";
import { withOverlay } from "./yaml/overlay.ts";
import { jsonText } from "./yaml/print-text.ts";
import { printYaml } from "./yaml/print-yaml.ts";

/** A template, and what it is for the reader of the file. */
export interface Template {
  readonly comment: string;
  readonly object: object;
}

/** A pipeline as objects of Argo's API, before they are text. */
export interface Manifest {
  readonly plan: Plan;
  readonly graphs: Graphs;
  readonly templates: readonly Template[];
  /** A Workflow or WorkflowTemplate without its templates. */
  readonly workflow: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: object;
    readonly spec: object;
  };
  /** What starts it on a schedule. */
  readonly cron?: object;
}

export function buildManifest(plan: Plan, options: ArgoOptions, storage: Storage): Manifest {
  const names = templateNames();
  const shapes = containerShapes(plan, { options, storage }, names);
  const graphs = printGraphs(plan.root, names, shapes.of, {
    limitOf: (node) => itemsAtATime(node, options),
    itemsOf: (node) => itemsOfDocument(node, plan),
  });
  const stopped = "{{=workflow.failures contains 'workflow shutdown with strategy' ? 'true' : 'false'}}";
  const templates = [
    ...graphs.templates.map((template) => ({ comment: template.comment, object: dagObject(template) })),
    ...shapes.templates(),
    {
      comment: "where paths of a graph meet, and what ends one: starts no container",
      object: { name: ownTemplates.join, suspend: { duration: "0" } },
    },
    {
      comment: "how a workflow ends, also where it was stopped",
      object: dagObject({ name: ownTemplates.closing, comment: "", inputs: [], tasks: exitTasks(plan, options) }),
    },
    {
      comment: "closes the run log of a run that did not succeed",
      object: shapes.verdict(ownTemplates.verdict, creatingVerdictSpec(plan), ["--stopped", stopped]),
    },
  ];
  const name = workflowName(options.name ?? plan.pipeline.name, options.schedule === undefined ? 57 : 52);
  return {
    ...{ plan, graphs, templates },
    workflow: workflowOf(plan, name, options, storage),
    ...(options.schedule === undefined ? {} : { cron: cronWorkflow(name, options) }),
  };
}

/**
 * An exit handler, which Argo runs after `argo stop` too; unlike a hook it has no condition of its own. After a success it
 * starts no container. An overlay may have one, which runs beside it.
 */
function exitTasks({ root }: Plan, { overlay }: ArgoOptions): readonly Task[] {
  const needless = failureCanEndWell(root) ? {} : { when: "{{=workflow.status != 'Succeeded'}}" };
  const own = overlay?.spec?.onExit;
  return [
    { name: "verdict", template: ownTemplates.verdict, ...needless, parameters: [] },
    ...(own === undefined ? [] : [{ name: "on-exit", template: own, parameters: [] }]),
  ];
}

function itemsAtATime({ node }: PlanComposite, options: ArgoOptions): number | undefined {
  if (node.kind !== "map") return undefined;
  const chosen = node.overrides.argo;
  return node.maxParallel ?? (chosen === undefined ? undefined : options.overrides[chosen]?.parallelism);
}

/** One where the list comes from a step. */
function itemsOfDocument({ node }: PlanComposite, { run }: Plan): number {
  const list = node.kind === "map" ? run.parameters[node.iterateOn] : undefined;
  return isArray(list) ? list.length : 1;
}

function workflowOf(plan: Plan, name: string, options: ArgoOptions, storage: Storage): Manifest["workflow"] {
  const asTemplate = options.kind === "workflow-template" || options.schedule !== undefined;
  const { pipeline } = plan;
  const metadata = {
    ...(asTemplate ? { name } : { generateName: `${name}-` }),
    ...present({ namespace: options.namespace }),
    labels: { "app.kubernetes.io/managed-by": "magnus", ...options.labels },
    annotations: {
      "workflows.argoproj.io/title": oneLine(pipeline.name),
      ...(pipeline.description && { "workflows.argoproj.io/description": oneLine(pipeline.description) }),
      ...options.annotations,
    },
  };
  const kind = asTemplate ? "WorkflowTemplate" : "Workflow";
  return { apiVersion: "argoproj.io/v1alpha1", kind, metadata, spec: specOf(plan, options, storage) };
}

function specOf(plan: Plan, options: ArgoOptions, storage: Storage): object {
  const parameters = Object.entries(plan.run.parameters).map(([name, value]) => ({
    name,
    value: argumentText(value),
    ...enumOf(plan.pipeline.parameterSchema[name]?.enum),
  }));
  return {
    entrypoint: ownTemplates.root,
    ...present({ serviceAccountName: options.service_account_name }),
    ...(parameters.length === 0 ? {} : { arguments: { parameters } }),
    ...present({ parallelism: options.parallelism }),
    ...present({ imagePullSecrets: options.image_pull_secrets?.map((name) => ({ name })) }),
    ...present({
      ttlStrategy: options.ttl_strategy,
      podGC: options.pod_gc,
      synchronization: options.synchronization,
      archiveLogs: options.archive_logs,
    }),
    ...(storage.volumes.length === 0 ? {} : { volumes: storage.volumes }),
    ...(storage.claims.length === 0 ? {} : { volumeClaimTemplates: storage.claims }),
    onExit: ownTemplates.closing,
  };
}

function enumOf(values: Json | undefined): object {
  if (!Array.isArray(values)) return {};
  return { enum: values.map((value: Json) => argumentText(value)) };
}

/** Whether a step's failure can be the last thing of a run that succeeds: nothing after it could record its loss. */
function failureCanEndWell(root: PlanGraph): boolean {
  const waiting = [root];
  for (let graph = waiting.pop(); graph !== undefined; graph = waiting.pop()) {
    if (graph.success.some(({ on }) => on === "failed")) return true;
    for (const node of graph.nodes.values()) if (node.kind === "composite") waiting.push(...node.graphs);
  }
  return false;
}

/** The file: one document, or a template and its schedule. */
export function printManifest(
  { workflow, templates, cron }: Manifest,
  { overlay = {} }: ArgoOptions,
  header: string,
): string {
  const objects = templates.map(({ object }) => object);
  const manifest = withOverlay({ ...workflow, spec: { ...workflow.spec, templates: objects } }, overlay);
  const comments = templates.map(({ comment }) => oneLine(comment));
  const printed = printYaml(manifest, { header, list: ["spec", "templates"], comments });
  return [printed, ...(cron === undefined ? [] : [printYaml(cron)])].join("---\n");
}

/** What no reader takes for more than text: white space, `$(` and what is no ASCII. */
export function oneLine(text: string): string {
  return jsonText(text.replace(/\s+/g, " ").trim()).slice(1, -1).replaceAll('\\"', '"');
}
