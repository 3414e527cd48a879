/** The files of a pipeline: its workflow, those that it calls, the plan, and the local action that all pipelines share. */

import { stepSpecs } from "../../src/plan/plan.ts";
import type { Plan, PlanComposite } from "../../src/plan/plan-node.ts";
import { printJson } from "../../src/protocol/json.ts";
import { stepName } from "../../src/protocol/path.ts";
import type { ServicesSpec } from "../../src/protocol/services.ts";
import { printAscii, printSpec } from "../../src/protocol/spec-text.ts";
import { folderOf } from "../../src/services/services-elsewhere.ts";
import type { EmitContext, OutputFile } from "../../src/target/target.ts";
import { besideShim, permissionsForStores, servicesOf } from "./beside-shim.ts";
import { concurrencyOf, scheduleOf } from "./concurrency.ts";
import { controllerOf, successOf } from "./conditions/conditions.ts";
import { printExpression } from "./conditions/expression.ts";
import {
  type CompositeSite,
  type File,
  type GraphSite,
  type Layout,
  type LeafSite,
  layOut,
  leavesOf,
  mostLegs,
  type Site,
  sitesOf,
} from "./conditions/sites.ts";
import { permissionsOfFile, secretsOfFile } from "./grants.ts";
import { inputsOf } from "./inputs.ts";
import { itemIndex, type Jobs, jobsOfFile, limitOf, verdictJob } from "./jobs.ts";
import { limitsOf } from "./limits.ts";
import { nameOfFiles } from "./name-of-files.ts";
import type { GithubOptions } from "./options.ts";
import { type Job, printWorkflow, shown, type Workflow, type Writing } from "./workflow.ts";

export function emitFiles(plan: Plan, context: EmitContext<GithubOptions>): readonly OutputFile[] {
  const { workflows, layout } = buildWorkflows(plan, context);
  const name = nameOfFiles(plan.pipeline.name);
  return [
    ...workflows.map((workflow) => ({ path: `.github/workflows/${workflow.file}`, content: printWorkflow(workflow) })),
    { path: `.github/magnus/${name}.plan.json`, content: printPlan(plan, layout, context) },
    { path: ".github/magnus/action.yml", content: context.render("action.yml", {}) },
    { path: ".github/magnus/shim.cjs", content: context.program("action.cjs") },
    ...besideShim(context),
  ];
}

export interface Built {
  readonly workflows: readonly Workflow[];
  readonly layout: Layout;
}

export function buildWorkflows(plan: Plan, context: EmitContext<GithubOptions>): Built {
  const { options, source, version } = context;
  const name = nameOfFiles(plan.pipeline.name);
  const layout = layoutOf(plan, options);
  const inputs = inputsOf(plan, limitsOf[options.limits].inputs);
  const call = `\${{ inputs.${inputs.callName} }}`;
  const writing: Writing = { name, prefix: `${name}~${call}~`, call, keeps: keepsOf(servicesOf(context)), shown };
  const permissions = permissionsForStores(context);
  const jobs: Jobs = {
    writing: { ...writing },
    options,
    parameters: inputs.environment,
    storing: storingJobs(layout),
    hasObjects: hasObjects(layout),
    secretsOf: (file) => secretsOfFile(file, options),
    permissions,
    permissionsOf: (file) => permissionsOfFile(file, options, permissions),
    fileName: ({ id, body }) => (body === "batches" ? `${name}--${id}-batch.yml` : `${name}--${id}.yml`),
  };
  const inside: Jobs = {
    ...jobs,
    parameters: {},
    writing: { ...writing, prefix: `${name}~\${{ inputs.call }}~`, call: "${{ inputs.call }}" },
  };
  const comment = `Compiled by magnus ${version} from ${shown(source)}. Change that and compile again.`;
  const workflows = layout.files.flatMap((file): readonly Workflow[] => {
    if (file.owner === undefined) return [topWorkflow(plan, file, jobs, inputs, comment, options)];
    const called = calledWorkflow(plan, file, file.owner, inside, comment);
    return file.owner.body === "batches" ? [batchWorkflow(plan, file.owner, inside, comment), called] : [called];
  });
  return { workflows, layout };
}

export function layoutOf(plan: Plan, options: GithubOptions): Layout {
  return layOut(plan.root, (node) => mayBeMany(node, plan, options));
}

function topWorkflow(
  plan: Plan,
  file: File,
  jobs: Jobs,
  inputs: ReturnType<typeof inputsOf>,
  comment: string,
  options: GithubOptions,
): Workflow {
  const name = nameOfFiles(plan.pipeline.name);
  const own = jobsOfFile(file, jobs);
  const secrets = secretsOfFile(file, options);
  const call = { inputs: inputs.call, ...(secrets.length === 0 ? {} : { secrets: optionalSecrets(secrets) }) };
  const dispatch = Object.keys(inputs.dispatch).length === 0 ? {} : { inputs: inputs.dispatch };
  return {
    file: `${name}.yml`,
    comment,
    head: {
      name: options.name ?? `magnus / ${shown(plan.pipeline.name)}`,
      on: { workflow_dispatch: dispatch, workflow_call: call, ...scheduleOf(options), ...options.on },
      permissions: {},
      concurrency: concurrencyOf(name, jobs.writing, options),
      ...environmentOf(jobs),
    },
    jobs: [...own, verdictJob(own, jobs)],
  };
}

/** Runs of a map list more artifacts than the action does without being told. */
function environmentOf({ writing }: Jobs): object {
  return writing.keeps.log ? { env: { ACTIONS_ARTIFACT_MAX_ARTIFACT_COUNT: "10000" } } : {};
}

function optionalSecrets(names: readonly string[]): object {
  return Object.fromEntries(names.map((name) => [name, { required: false }]));
}

const callInputs = {
  call: { description: "tells calls of this pipeline in one run apart", type: "string" },
  at: { description: "indices of the enclosing items and iterations", type: "string", required: true },
  from: { description: "chunks of the run log that the first step reads", type: "string", required: true },
};

function calledWorkflow(plan: Plan, file: File, owner: CompositeSite, jobs: Jobs, comment: string): Workflow {
  const secrets = jobs.secretsOf(file);
  return {
    file: `${nameOfFiles(plan.pipeline.name)}--${owner.id}.yml`,
    comment,
    head: {
      name: `magnus / ${shown(plan.pipeline.name)} / ${shown(owner.title)}`,
      on: {
        workflow_call: {
          inputs: callInputs,
          outputs: outputsOf(file.graph, owner),
          ...(secrets.length === 0 ? {} : { secrets: optionalSecrets(secrets) }),
        },
      },
      permissions: {},
      ...environmentOf(jobs),
    },
    jobs: jobsOfFile(file, jobs),
  };
}

function outputsOf(graph: GraphSite, owner: CompositeSite): object {
  const ok = printExpression(successOf(graph, "jobs"));
  if (owner.node.node.kind !== "loop") {
    return {
      bad: { description: "true where the item failed, else nothing", value: `\${{ !(${ok}) && 'true' || '' }}` },
    };
  }
  const closer = owner.close?.id ?? closingLeaf(graph)?.id ?? "";
  const done = owner.close === undefined ? `(${ok})` : `jobs.${closer}.outputs.ok == 'true'`;
  const value = `\${{ ${done} && jobs.${closer}.outputs.control || 'fault' }}`;
  return { control: { description: "again or done; fault where the iteration failed", value } };
}

function closingLeaf({ sites }: GraphSite): Site | undefined {
  return [...sites.values()].find(({ node }) => node.kind === "leaf" && node.step.control?.kind === "loop");
}

/** Calls the file of a map's body for each item of a batch. */
function batchWorkflow(plan: Plan, owner: CompositeSite, jobs: Jobs, comment: string): Workflow {
  const name = nameOfFiles(plan.pipeline.name);
  const body = owner.graphs[0]?.file;
  const secrets = body === undefined ? [] : jobs.secretsOf(body);
  const nested = owner.home.file.owner !== undefined;
  const call: Job = {
    id: "item",
    body: {
      name: `${shown(owner.title)} (\${{ matrix.item.i }} \${{ matrix.item.k }})`,
      if: "${{ !cancelled() }}",
      strategy: { "fail-fast": false, ...limitOf(owner, jobs), matrix: { item: "${{ fromJSON(inputs.items) }}" } },
      permissions: body === undefined ? {} : jobs.permissionsOf(body),
      uses: `./.github/workflows/${name}--${owner.id}.yml`,
      with: { call: jobs.writing.call, at: itemIndex(nested ? "${{ inputs.at }}" : ""), from: "${{ inputs.from }}" },
      ...(secrets.length === 0
        ? {}
        : { secrets: Object.fromEntries(secrets.map((each) => [each, `\${{ secrets.${each} }}`])) }),
    },
  };
  const items = { description: `items, at most ${mostLegs}, as JSON`, type: "string", required: true };
  return {
    file: `${name}--${owner.id}-batch.yml`,
    comment,
    head: {
      name: `magnus / ${shown(plan.pipeline.name)} / ${shown(owner.title)} (batch)`,
      on: {
        workflow_call: {
          inputs: { ...callInputs, at: { ...callInputs.at, required: false }, items },
          outputs: {
            bad: { description: "true where an item failed, else nothing", value: "${{ jobs.item.outputs.bad }}" },
          },
          ...(secrets.length === 0 ? {} : { secrets: optionalSecrets(secrets) }),
        },
      },
      permissions: {},
    },
    jobs: [call],
  };
}

/** Whether a map may have more items than a matrix: its list is long already, or the options say so. */
function mayBeMany({ path, node }: PlanComposite, plan: Plan, options: GithubOptions): boolean {
  if (node.kind !== "map") return false;
  const usual = Object.hasOwn(plan.run.parameters, node.iterateOn) ? plan.run.parameters[node.iterateOn] : undefined;
  return options.many_items.includes(stepName(path)) || (Array.isArray(usual) && usual.length > mostLegs);
}

/** Whether run log and catalog have to travel: they do unless they are in a folder or on a server of all runners. */
export function keepsOf(services: ServicesSpec): Writing["keeps"] {
  const travels = (service: "run_log_store" | "catalog"): boolean => {
    const kept = folderOf(service, services[service]);
    return kept !== undefined && !kept.folder.startsWith("/");
  };
  return { log: travels("run_log_store"), catalog: travels("catalog") };
}

function givesFiles({ node: { node } }: LeafSite): boolean {
  if (node.kind !== "task") return false;
  return node.catalog.put.length > 0 || node.commandType === "notebook" || givesObjects(node);
}

function givesObjects({ returns }: { readonly returns: readonly { readonly kind: string }[] }): boolean {
  return returns.some(({ kind }) => kind === "object");
}

function storingJobs({ root }: Layout): ReadonlySet<string> {
  // A task may also ask for it while it runs, but only where the pipeline has a catalog in use at all.
  return new Set(
    leavesOf(root)
      .filter(givesFiles)
      .map(({ id }) => id),
  );
}

function hasObjects({ root }: Layout): boolean {
  return leavesOf(root).some(({ node: { node } }) => node.kind === "task" && givesObjects(node));
}

/** One line a step, so that a change of one is a change of one line. */
function printPlan(plan: Plan, { root }: Layout, { services }: EmitContext<GithubOptions>): string {
  const ids = new Map<object, string>();
  for (const site of sitesOf(root)) {
    if (site.kind === "leaf") ids.set(site.node.step, site.id);
    else for (const gather of [site.open, site.close]) if (gather) ids.set(gather.step, gather.id);
  }
  const steps = [...stepSpecs(plan.root)].flatMap((spec) => {
    const id = ids.get(spec);
    return id === undefined ? [] : [`    ${printJson(id)}: ${printSpec(spec)}`];
  });
  const verdict = printSpec({ path: [], ...(plan.mayBeLost.length === 0 ? {} : { mayBeLost: plan.mayBeLost }) });
  const many = [...sitesOf(root)].flatMap((site) =>
    site.kind === "composite" && site.body === "batches" ? [controllerOf(site)] : [],
  );
  return `{
  "pipeline": ${printAscii(plan.pipeline.name)},${services === undefined ? "" : `\n  "services": ${services},`}${many.length === 0 ? "" : `\n  "many": ${printJson(many)},`}
  "steps": {
${steps.join(",\n")}
  },
  "verdict": ${verdict}
}
`;
}
