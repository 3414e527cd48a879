/** The files of a pipeline: its workflow, those that it calls, the plan, and the local action that all pipelines share. */

import { stepSpecs } from "../../src/plan/plan.ts";
import type { Plan, PlanComposite } from "../../src/plan/plan-node.ts";
import { verdictSpec } from "../../src/plan/verdict-spec.ts";
import { printJson } from "../../src/protocol/json.ts";
import { stepName } from "../../src/protocol/path.ts";
import type { ServicesSpec } from "../../src/protocol/services.ts";
import { printAscii, printSpec } from "../../src/protocol/spec-text.ts";
import { programsOf } from "../../src/services/services-elsewhere.ts";
import { printServices } from "../../src/target/print-services.ts";
import type { OutputFile, TargetContext } from "../../src/target/target.ts";
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
import { type Inputs, inputsOf } from "./inputs.ts";
import { itemIndex, type Jobs, jobsOfFile, limitOf, verdictJob } from "./jobs.ts";
import { limitsOf } from "./limits.ts";
import { nameOfFiles } from "./name-of-files.ts";
import type { GithubOptions } from "./options.ts";
import { keepsOf, permissionsForStores, variablesOf } from "./services.ts";
import { type Job, printWorkflow, shown, type Workflow, type Writing } from "./workflow.ts";

type Context = TargetContext<GithubOptions>;

export function printFiles(
  { plan, layout, workflows }: Workflows,
  { options, services, render, program }: Context,
): readonly OutputFile[] {
  const name = nameOfFiles(plan.pipeline.name);
  const beside = programsOf(services, variablesOf(options));
  return [
    ...workflows.map(({ workflow, text }) => ({ path: `.github/workflows/${workflow.file}`, content: text })),
    { path: `.github/magnus/${name}.plan.json`, content: printPlan(plan, layout, services) },
    { path: ".github/magnus/action.yml", content: render("action.yml", {}) },
    { path: ".github/magnus/shim.cjs", content: program("action.cjs") },
    ...beside.map((file) => ({ path: `.github/magnus/${file}`, content: program(file) })),
  ];
}

/** A pipeline as workflows. Their texts belong to them, since it is their size that is limited. */
export interface Workflows {
  readonly plan: Plan;
  readonly layout: Layout;
  readonly workflows: readonly { readonly workflow: Workflow; readonly text: string }[];
}

export function buildWorkflows(plan: Plan, layout: Layout, context: Context): Workflows {
  const { options, services, header: comment } = context;
  const name = nameOfFiles(plan.pipeline.name);
  const inputs = inputsOf(plan, limitsOf[options.limits].inputs);
  const call = `\${{ inputs.${inputs.callName} }}`;
  const writing: Writing = { name, prefix: `${name}~${call}~`, call, keeps: keepsOf(services), shown };
  const permissions = permissionsForStores(services, options);
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
  const workflows = layout.files.flatMap((file): readonly Workflow[] => {
    if (file.owner === undefined) return [{ comment, ...topWorkflow(plan, file, jobs, inputs) }];
    const called = { comment, ...calledWorkflow(plan, file, file.owner, inside) };
    return file.owner.body === "batches" ? [{ comment, ...batchWorkflow(plan, file.owner, inside) }, called] : [called];
  });
  return { plan, layout, workflows: workflows.map((workflow) => ({ workflow, text: printWorkflow(workflow) })) };
}

export function layoutOf(plan: Plan, options: GithubOptions): Layout {
  return layOut(plan.root, (node) => mayBeMany(node, plan, options));
}

type WithoutComment = Omit<Workflow, "comment">;

function topWorkflow(plan: Plan, file: File, jobs: Jobs, inputs: Inputs): WithoutComment {
  const { options } = jobs;
  const name = nameOfFiles(plan.pipeline.name);
  const own = jobsOfFile(file, jobs);
  const secrets = secretsOfFile(file, options);
  const call = { inputs: inputs.call, ...(secrets.length === 0 ? {} : { secrets: optionalSecrets(secrets) }) };
  const dispatch = Object.keys(inputs.dispatch).length === 0 ? {} : { inputs: inputs.dispatch };
  return {
    file: `${name}.yml`,
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

function calledWorkflow(plan: Plan, file: File, owner: CompositeSite, jobs: Jobs): WithoutComment {
  const secrets = jobs.secretsOf(file);
  return {
    file: `${nameOfFiles(plan.pipeline.name)}--${owner.id}.yml`,
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
function batchWorkflow(plan: Plan, owner: CompositeSite, jobs: Jobs): WithoutComment {
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
      permissions: body ? jobs.permissionsOf(body) : {},
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
function printPlan(plan: Plan, { root }: Layout, given: ServicesSpec): string {
  const ids = new Map<object, string>();
  for (const site of sitesOf(root)) {
    if (site.kind === "leaf") ids.set(site.node.step, site.id);
    else for (const gather of [site.open, site.close]) if (gather) ids.set(gather.step, gather.id);
  }
  const steps = [...stepSpecs(plan.root)].flatMap((spec) => {
    const id = ids.get(spec);
    return id === undefined ? [] : [`    ${printJson(id)}: ${printSpec(spec)}`];
  });
  const services = printServices(given);
  const many = [...sitesOf(root)].flatMap((site) =>
    site.kind === "composite" && site.body === "batches" ? [controllerOf(site)] : [],
  );
  return `{
  "pipeline": ${printAscii(plan.pipeline.name)},${services === undefined ? "" : `\n  "services": ${services},`}${many.length === 0 ? "" : `\n  "many": ${printJson(many)},`}
  "steps": {
${steps.join(",\n")}
  },
  "verdict": ${printSpec(verdictSpec(plan))}
}
`;
}
