/**
 * The jobs of a file: one for each step and gather, and one for each call of the body of a map or loop. What has run
 * before, the condition says; what it needs of that, the downloads.
 */

import type { StepSpec } from "../../src/protocol/step-spec.ts";
import { present } from "../../src/system/present.ts";
import {
  activationOf,
  bodyRuns,
  controllerOf,
  iterationsOf,
  needsOf,
  successOf,
  tellsOk,
} from "./conditions/conditions.ts";
import { test } from "./conditions/expression.ts";
import type { CompositeSite, File, GatherJob, GraphSite, LeafSite, Site } from "./conditions/sites.ts";
import { verdictId } from "./conditions/sites.ts";
import { type Condition, condition, whenOf } from "./conditions/when.ts";
import { githubSecret } from "./github-secret.ts";
import { okOutput, type RunJob, runSteps, stepMinutes, verdictSteps } from "./job-steps.ts";
import { type GithubOptions, jobOptions } from "./options.ts";
import { chunksBefore, chunksForCall, chunksOfIteration, chunksToClose, indexOf, jobsBefore, join } from "./sources.ts";
import type { Job, Writing } from "./workflow.ts";

/** What jobs need to know of the whole pipeline. */
export interface Jobs {
  readonly writing: Writing;
  readonly options: GithubOptions;
  /** Environment of the step by which a run's parameters come in. */
  readonly parameters: { readonly [name: string]: string };
  /** Jobs that may store files. */
  readonly storing: ReadonlySet<string>;
  /** Whether returned objects are files, which every task may need. */
  readonly hasObjects: boolean;
  /** The `secrets` that files which are called hand on. */
  readonly secretsOf: (file: File) => readonly string[];
  /** What every job is granted beside `contents: read`. */
  readonly permissions: { readonly [scope: string]: string };
  readonly permissionsOf: (file: File) => { readonly [scope: string]: string };
  readonly fileName: (site: CompositeSite) => string;
}

export function jobsOfFile({ graph }: File, jobs: Jobs): readonly Job[] {
  const ofGraph = jobsOfGraph(graph, jobs);
  const closed = closingJob(graph, jobs);
  return [...ofGraph, ...closed];
}

export function verdictJob(before: readonly Job[], jobs: Jobs): Job {
  const { options, writing } = jobs;
  return {
    id: verdictId,
    body: {
      name: "verdict",
      needs: before.map(({ id }) => id),
      if: "${{ always() }}",
      "runs-on": options.runs_on ?? usualRunner,
      permissions: { contents: "read", ...jobs.permissions },
      steps: verdictSteps(writing, options.env ?? {}),
    },
  };
}

const usualRunner = "ubuntu-24.04";

function jobsOfGraph({ sites }: GraphSite, jobs: Jobs): readonly Job[] {
  return [...sites.values()].flatMap((site) =>
    site.kind === "leaf" ? [leafJob(site, jobs)] : compositeJobs(site, jobs),
  );
}

function compositeJobs(site: CompositeSite, jobs: Jobs): readonly Job[] {
  const open = site.open === undefined ? [] : [openingJob(site, site.open, jobs)];
  if (site.node.node.kind === "loop") return [...open, ...iterationJobs(site, jobs)];
  if (site.body === "calls" || site.body === "batches") return [...open, mapCall(site, jobs)];
  return [...open, ...site.graphs.flatMap((graph) => jobsOfGraph(graph, jobs))];
}

function leafJob(site: LeafSite, jobs: Jobs): Job {
  const { node, home } = site;
  const task = node.node.kind === "task" ? node.node : undefined;
  const options = jobOptions(node.node.overrides["github-actions"], jobs.options);
  const matrix = home.owner?.body === "matrix" ? home.owner : undefined;
  const index = matrix === undefined ? indexOf(home.file) : join(indexOf(home.file), "${{ matrix.item.i }}");
  const wantsFiles = task !== undefined && (task.catalog.get.length > 0 || jobs.hasObjects);
  const run: RunJob = {
    id: site.id,
    title: site.title,
    index,
    chunks: chunksBefore(site),
    ...(wantsFiles ? { files: filesBefore(site, jobs) } : {}),
    stores: jobs.storing.has(site.id),
    env: {
      ...(node.step.run && jobs.parameters),
      ...options.env,
      ...secretsOf(task?.secrets ?? [], jobs.options),
    },
    ...present({ task }),
    options,
  };
  const shown = jobs.writing.shown(site.title);
  const name = matrix === undefined ? shown : `${shown} (\${{ matrix.item.i }} \${{ matrix.item.k }})`;
  const when = condition(activationOf(site), site);
  return runJob({ run, name, when, strategy: strategyOf(matrix, jobs), site, step: node.step }, jobs);
}

function openingJob(site: CompositeSite, gather: GatherJob, jobs: Jobs): Job {
  const run = gatherRun(gather, indexOf(site.home.file), chunksBefore(site), jobs);
  const [name, when] = [jobs.writing.shown(gather.title), condition(activationOf(site), site)];
  return runJob({ run, name, when, site, step: gather.step }, jobs);
}

/** The gather that ends an iteration of a loop, in the file of its body. */
function closingJob(graph: GraphSite, jobs: Jobs): readonly Job[] {
  const { owner, file } = graph;
  if (owner?.close === undefined || file.owner !== owner) return [];
  const ended = successOf(graph, "needs");
  const needs = needsOf(ended, { ...owner, node: { ...owner.node, activation: graph.graph.success }, home: graph });
  const run = gatherRun(owner.close, indexOf(file), chunksToClose(owner), jobs);
  const site = { ...owner, home: graph };
  const [name, when] = [jobs.writing.shown(owner.close.title), { expression: ended, needs }];
  return [runJob({ run, name, when, site, step: owner.close.step }, jobs)];
}

function gatherRun({ id, title, step }: GatherJob, index: string, chunks: readonly string[], jobs: Jobs): RunJob {
  const env = step.run ? jobs.parameters : {};
  return {
    id,
    title,
    index,
    chunks,
    stores: false,
    env: { ...env, ...jobs.options.env },
    options: jobOptions(undefined, jobs.options),
  };
}

interface JobParts {
  readonly name: string;
  readonly when: Condition;
  readonly strategy?: object;
}

interface RunParts extends JobParts {
  readonly run: RunJob;
  readonly site: Pick<Site, "captured" | "home">;
  readonly step: StepSpec;
}

function runJob({ run, name, when, strategy = {}, site, step }: RunParts, jobs: Jobs): Job {
  const outputs = {
    ...(tellsOk(site) ? { ok: okOutput(run, jobs.writing) } : {}),
    ...(step.control && { control: "${{ steps.run.outputs.control }}" }),
    ...(feedsBatches(site, step) ? { batches: "${{ steps.run.outputs.batches }}" } : {}),
  };
  return {
    id: run.id,
    body: {
      name,
      ...whenOf(when, site.home.file),
      ...strategy,
      "runs-on": run.options.runs_on ?? usualRunner,
      ...containerOf(run),
      ...(run.task === undefined || run.options.environment === undefined
        ? {}
        : { environment: run.options.environment }),
      ...(site.captured ? { "continue-on-error": true } : {}),
      permissions: {
        contents: "read",
        ...(run.task && run.options.permissions),
        ...jobs.permissions,
      },
      ...(Object.keys(outputs).length === 0 ? {} : { outputs }),
      ...jobMinutes(run),
      steps: runSteps(run, jobs.writing),
    },
  };
}

/** Whether a job computes the list of a map that may have more items than one matrix. */
function feedsBatches(site: Pick<Site, "home">, { control, gather }: StepSpec): boolean {
  if (control?.kind !== "map") return false;
  const map = gather === undefined ? site.home.sites.get(control.element.node) : (site as Site);
  return map?.kind === "composite" && map.body === "batches";
}

function jobMinutes(run: RunJob): object {
  const minutes = stepMinutes(run);
  return minutes === undefined ? {} : { "timeout-minutes": minutes + 20 };
}

function strategyOf(site: CompositeSite | undefined, jobs: Jobs): object {
  if (site === undefined) return {};
  const outputs = `needs.${controllerOf(site)}.outputs`;
  const limit = limitOf(site, jobs);
  if (site.body === "batches") {
    // The limit holds inside of a batch.
    const oneByOne = Object.keys(limit).length === 0 ? {} : { "max-parallel": 1 };
    return { strategy: { "fail-fast": false, ...oneByOne, matrix: { batch: `\${{ fromJSON(${outputs}.batches) }}` } } };
  }
  return { strategy: { "fail-fast": false, ...limit, matrix: { item: `\${{ fromJSON(${outputs}.control) }}` } } };
}

export function limitOf({ node }: CompositeSite, { options }: Pick<Jobs, "options">): object {
  if (node.node.kind !== "map") return {};
  const override = node.node.overrides["github-actions"];
  const limit =
    (override === undefined ? undefined : options.overrides[override]?.max_parallel) ?? node.node.maxParallel;
  return present({ "max-parallel": limit });
}

function mapCall(site: CompositeSite, jobs: Jobs): Job {
  const batches = site.body === "batches";
  const item = batches ? {} : { at: itemIndex(indexOf(site.home.file)) };
  const around = indexOf(site.home.file);
  const more = batches ? { ...(around === "" ? {} : { at: around }), items: "${{ toJSON(matrix.batch) }}" } : item;
  const title = batches ? "" : " (${{ matrix.item.i }} ${{ matrix.item.k }})";
  const call = {
    id: site.id,
    name: `${jobs.writing.shown(site.title)}${title}`,
    when: condition(bodyRuns(site), site),
    strategy: strategyOf(site, jobs),
    inputs: { ...more, from: chunksForCall(site).join(",") },
  };
  return callJob(call, site, jobs);
}

/** The index of an item; `at` of a called file is text, and a number on its own would be none. */
export function itemIndex(index: string): string {
  return index === "" ? "${{ format('{0}', matrix.item.i) }}" : `${index}.\${{ matrix.item.i }}`;
}

function iterationJobs(site: CompositeSite, jobs: Jobs): readonly Job[] {
  const ids = iterationsOf(site);
  return ids.map((id, i) => {
    const before = ids[i - 1];
    const when: Condition =
      before === undefined
        ? condition(bodyRuns(site), site)
        : { expression: test(`needs.${before}.outputs.control == 'again'`, before), needs: [before] };
    const from = before === undefined ? chunksForCall(site) : chunksOfIteration(site, i - 1);
    const inputs = { at: join(indexOf(site.home.file), `${i}`), from: from.join(",") };
    return callJob({ id, name: `${jobs.writing.shown(site.title)} (${i})`, when, inputs }, site, jobs);
  });
}

interface CallParts extends JobParts {
  readonly id: string;
  readonly inputs: object;
}

/** Calls the file of a composite's body. */
function callJob({ id, name, when, strategy = {}, inputs }: CallParts, site: CompositeSite, jobs: Jobs): Job {
  const body = site.graphs[0]?.file;
  const secrets = body === undefined ? [] : jobs.secretsOf(body);
  return {
    id,
    body: {
      name,
      ...whenOf(when, site.home.file),
      ...strategy,
      permissions: body ? jobs.permissionsOf(body) : {},
      uses: `./.github/workflows/${jobs.fileName(site)}`,
      with: { call: jobs.writing.call, ...inputs },
      ...(secrets.length === 0
        ? {}
        : { secrets: Object.fromEntries(secrets.map((name) => [name, `\${{ secrets.${name} }}`])) }),
    },
  };
}

function filesBefore(site: LeafSite, { storing }: Jobs): readonly string[] {
  if (storing.size === 0) return [];
  return jobsBefore(site, storing).map(({ job, index }) => `${job}~${index}~*`);
}

function containerOf({ task, options: { image, container } }: RunJob): object {
  const name = task?.image ?? (task === undefined ? undefined : image);
  // The runner's files belong to root.
  return name === undefined ? {} : { container: { image: name, options: "--user 0", ...container } };
}

function secretsOf(names: readonly string[], options: GithubOptions): { readonly [name: string]: string } {
  return Object.fromEntries(names.map((name) => [name, `\${{ secrets.${githubSecret(name, options)} }}`]));
}
