/** What the jobs that run something are made of. */

import type { TaskNode } from "../../src/ir/pipeline.ts";
import { present } from "../../src/system/present.ts";
import { longestTry } from "./longest-try.ts";
import type { JobOptions } from "./options.ts";
import { pins } from "./pins.ts";
import type { Step, Writing } from "./workflow.ts";

const action = "./.github/magnus";
/** Where the shim keeps the run log and the catalog: its defaults, which are no part of anybody's catalog patterns. */
const folders = { log: ".magnus/runs", catalog: ".magnus/catalog" };
const ownName = "${{ github.run_attempt }}";

export interface RunJob {
  /** Its id, which is also the name of its spec in the plan. */
  readonly id: string;
  readonly title: string;
  /** Text of the indices of the items and iterations around it. */
  readonly index: string;
  readonly chunks: readonly string[];
  /** Catalog files that earlier jobs stored; undefined: it needs none. */
  readonly files?: readonly string[];
  readonly stores: boolean;
  readonly env: { readonly [name: string]: string };
  readonly task?: TaskNode;
  readonly options: JobOptions;
}

export function runSteps(job: RunJob, writing: Writing): readonly Step[] {
  const minutes = stepMinutes(job);
  return [
    checkout,
    ...setupSteps(job),
    ...downloads(job, writing),
    {
      id: "run",
      name: writing.shown(job.title),
      uses: action,
      with: {
        plan: writing.name,
        step: job.id,
        ...(job.index === "" ? {} : { at: job.index }),
        call: writing.call,
      },
      ...(Object.keys(job.env).length === 0 ? {} : { env: job.env }),
      ...present({ "timeout-minutes": minutes }),
    },
    ...uploads(job, writing),
  ];
}

export const checkout: Step = { uses: pins.checkout.uses, with: { "persist-credentials": false } };

function setupSteps({ task, options: { setup } }: RunJob): readonly Step[] {
  if (task === undefined || setup === undefined) return [];
  const { python, node, install, steps = [] } = setup;
  return [
    ...(python === undefined ? [] : [{ uses: pins.python.uses, with: { "python-version": python } }]),
    ...(node === undefined ? [] : [{ uses: pins.node.uses, with: { "node-version": node } }]),
    ...(install === undefined ? [] : [{ name: "install", run: install }]),
    ...steps,
  ];
}

function downloads({ chunks, files }: RunJob, { prefix, keeps }: Writing): readonly Step[] {
  return [
    ...(keeps.log && chunks.length > 0 ? [download(`${prefix}${oneOf(chunks)}`, folders.log)] : []),
    ...(keeps.catalog && files !== undefined && files.length > 0
      ? [download(`files~${prefix}${oneOf(files)}`, folders.catalog)]
      : []),
  ];
}

/** More are not listed: all artifacts of the run are taken then, of which a step looks at its own. */
export const mostPatterns = 40;

/** In minimatch braces around one entry are text. */
function oneOf(patterns: readonly string[]): string {
  if (patterns.length > mostPatterns) return "*";
  const [only = "*", ...others] = patterns;
  const called = only.startsWith("${{ inputs.from");
  return others.length === 0 && !called ? only : `{${[only, ...others].join(",")}${others.length === 0 ? "," : ""}}`;
}

function download(pattern: string, path: string): Step {
  return { uses: pins.download.uses, with: { pattern, path, "merge-multiple": true } };
}

function uploads({ id, index, stores }: RunJob, { prefix, keeps }: Writing): readonly Step[] {
  const name = `${prefix}${id}~${index}~${ownName}`;
  return [
    ...(keeps.log ? [{ id: "chunk", if: "${{ always() }}", ...upload(name, folders.log, "error") }] : []),
    ...(keeps.catalog && stores
      ? [{ id: "files", if: "${{ always() }}", ...upload(`files~${name}`, folders.catalog, "ignore") }]
      : []),
  ];
}

function upload(name: string, path: string, ifNone: "error" | "ignore"): Step {
  return {
    uses: pins.upload.uses,
    with: { name, path, "include-hidden-files": true, "if-no-files-found": ifNone },
  };
}

/** Whether a job did all that it was for. */
export function okOutput({ stores }: { readonly stores: boolean }, { keeps }: Writing): string {
  const steps = ["run", ...(keeps.log ? ["chunk"] : []), ...(keeps.catalog && stores ? ["files"] : [])];
  return `\${{ ${steps.map((id) => `steps.${id}.outcome == 'success'`).join(" && ")} }}`;
}

/** A backstop: the shim ends the command at its timeout. */
export function stepMinutes({ task }: RunJob): number | undefined {
  const longest = task === undefined ? undefined : longestTry(task);
  return longest === undefined ? undefined : Math.ceil(longest / 60_000) + 10;
}

/** `env`: of every step; where the stores are on a server they need it. */
export function verdictSteps(
  { prefix, keeps, name, call }: Writing,
  env: { readonly [name: string]: string },
): readonly Step[] {
  return [
    checkout,
    ...(keeps.log ? [download(`${prefix}*`, folders.log)] : []),
    {
      name: "verdict",
      uses: action,
      with: { plan: name, verb: "verdict", call, cancelled: "${{ contains(needs.*.result, 'cancelled') }}" },
      ...(keeps.log || Object.keys(env).length === 0 ? {} : { env }),
    },
    ...(keeps.log ? [{ if: "${{ always() }}", ...upload(`run-log~${prefix}${ownName}`, folders.log, "error") }] : []),
  ];
}
