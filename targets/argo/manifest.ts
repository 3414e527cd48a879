import type { Plan, PlanComposite, PlanGraph } from "../../src/plan/plan-node.ts";
import { argumentText } from "../../src/protocol/argument-text.ts";
import { isArray, type Json } from "../../src/protocol/json.ts";
import type { StepSpec } from "../../src/protocol/step-spec.ts";
import type { EmitContext } from "../../src/target/target.ts";
import { cronWorkflow } from "./cron-workflow.ts";
import type { Graphs } from "./graphs/building.ts";
import { printGraphs } from "./graphs/graphs.ts";
import { ownTemplates, templateNames, workflowName } from "./graphs/names.ts";
import { dagObject, type Task } from "./graphs/task.ts";
import type { ArgoOptions } from "./options.ts";
import { containerShapes } from "./shapes.ts";
import { type Storage, storageOf } from "./storage.ts";
import { withOverlay } from "./yaml/overlay.ts";
import { jsonText } from "./yaml/print-text.ts";
import { printCommented, printYaml } from "./yaml/print-yaml.ts";

interface Template {
  readonly comment: string;
  readonly object: object;
}

/** A pipeline as objects of Argo's API, before they are text. */
export interface Manifest {
  readonly graphs: Graphs;
  readonly storage: Storage;
  readonly templates: readonly Template[];
  /** The specification of the workflow without its templates. */
  readonly spec: object;
}

export function buildManifest(plan: Plan, { options, services }: EmitContext<ArgoOptions>): Manifest {
  const storage = storageOf(options, services);
  const names = templateNames();
  const shapes = containerShapes(plan, options, storage, names);
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
      object: shapes.verdict(ownTemplates.verdict, verdictSpec(plan), ["--stopped", stopped]),
    },
  ];
  return { graphs, storage, templates, spec: specOf(plan, options, storage) };
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

/** It may also have to create the run: where the step that opens it was lost, and nothing followed. */
function verdictSpec({ root, run, mayBeLost }: Plan): StepSpec {
  const { start } = root;
  const opening = { path: start.path, ...(start.kind === "leaf" ? {} : ({ gather: "open" } as const)) };
  const known = mayBeLost.some(({ path, gather }) => path === opening.path && gather === opening.gather);
  return { path: [], mayBeLost: known ? mayBeLost : [opening, ...mayBeLost], run };
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

function specOf(plan: Plan, options: ArgoOptions, storage: Storage): object {
  const parameters = Object.entries(plan.run.parameters).map(([name, value]) => ({
    name,
    value: argumentText(value),
    ...enumOf(plan.pipeline.parameterSchema[name]?.enum),
  }));
  return {
    entrypoint: ownTemplates.root,
    ...(options.service_account_name === undefined ? {} : { serviceAccountName: options.service_account_name }),
    ...(parameters.length === 0 ? {} : { arguments: { parameters } }),
    ...(options.parallelism === undefined ? {} : { parallelism: options.parallelism }),
    ...(options.image_pull_secrets === undefined
      ? {}
      : { imagePullSecrets: options.image_pull_secrets.map((name) => ({ name })) }),
    ...(options.ttl_strategy === undefined ? {} : { ttlStrategy: options.ttl_strategy }),
    ...(options.pod_gc === undefined ? {} : { podGC: options.pod_gc }),
    ...(options.synchronization === undefined ? {} : { synchronization: options.synchronization }),
    ...(options.archive_logs === undefined ? {} : { archiveLogs: options.archive_logs }),
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
export function printManifest(plan: Plan, context: EmitContext<ArgoOptions>): string {
  const { options, version, source } = context;
  const { spec, templates } = buildManifest(plan, context);
  const name = workflowName(options.name ?? plan.pipeline.name, options.schedule === undefined ? 57 : 52);
  const asTemplate = options.kind === "workflow-template" || options.schedule !== undefined;
  const metadata = {
    ...(asTemplate ? { name } : { generateName: `${name}-` }),
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    labels: { "app.kubernetes.io/managed-by": "magnus", ...options.labels },
    annotations: {
      "workflows.argoproj.io/title": oneLine(plan.pipeline.name),
      ...(plan.pipeline.description === undefined
        ? {}
        : { "workflows.argoproj.io/description": oneLine(plan.pipeline.description) }),
      ...options.annotations,
    },
  };
  const kind = asTemplate ? "WorkflowTemplate" : "Workflow";
  const schedule = options.schedule === undefined ? "" : `---\n${printYaml(cronWorkflow(name, options))}`;
  const comments = templates.map(({ comment }) => oneLine(comment));
  const objects = templates.map(({ object }) => object);
  const manifest = { apiVersion: "argoproj.io/v1alpha1", kind, metadata, spec: { ...spec, templates: objects } };
  const printed = printCommented(withOverlay(manifest, options.overlay ?? {}), ["spec", "templates"], comments);
  return `# Compiled by magnus ${version} from ${oneLine(source)}. Change that and compile again.\n${printed}${schedule}`;
}

function oneLine(text: string): string {
  return jsonText(text.replace(/\s+/g, " ").trim()).slice(1, -1).replaceAll('\\"', '"');
}
