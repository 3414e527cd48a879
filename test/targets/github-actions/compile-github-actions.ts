import { expect } from "vitest";
import { parse } from "yaml";
import { loadTarget } from "../../../src/cli/input/load-target.ts";
import { renderTemplate } from "../../../src/cli/input/templates.ts";
import { compilePipeline } from "../../../src/compile.ts";
import { DiagnosticSink } from "../../../src/diagnostics/sink.ts";
import { digestPipeline } from "../../../src/ir/digest.ts";
import { planPipeline } from "../../../src/plan/plan.ts";
import type { Plan } from "../../../src/plan/plan-node.ts";
import type { ServicesSpec } from "../../../src/protocol/services.ts";
import { checkText } from "../../support/check-text.ts";

/** What a compilation gave: texts of files by path, or none and what was reported. */
export interface CompiledWorkflows {
  readonly files: ReadonlyMap<string, string>;
  readonly plan: Plan;
  readonly reports: readonly { readonly code: string; readonly message: string; readonly line?: number }[];
}

export interface CompileSettings {
  /** `targets.github-actions` of the configuration. */
  readonly options?: object;
  readonly services?: ServicesSpec;
  /** Text of a file beside the pipeline. */
  readonly readFile?: (name: string) => string | undefined;
}

const target = await loadTarget("github-actions");

/** Compiles a pipeline that has no errors of its own; the file of the shim is empty. */
export function compileForGithub(text: string, settings: CompileSettings = {}): CompiledWorkflows {
  if (target === undefined) throw new Error("unknown target github-actions");
  const { options = {}, services = {}, readFile = () => undefined } = settings;
  const sink = new DiagnosticSink();
  const checked = checkText(text, { name: "p.yaml", readFile }, sink);
  const messages = sink.list().map(({ message }) => message);
  if (checked === undefined) throw new Error(messages.join("\n"));
  const files = compilePipeline(
    {
      ...checked,
      target,
      options: target.options.parse(options),
      source: "p.yaml",
      version: "0",
      services,
      render: (template, values) => renderTemplate("github-actions", template, values),
      program: () => "",
    },
    sink,
  );
  return {
    files: new Map(files?.map(({ path, content }) => [path, content])),
    plan: planPipeline(checked.pipeline, digestPipeline(checked.pipeline)),
    reports: sink.list().map(({ code, message, span }) => ({
      code,
      message,
      ...(span === undefined ? {} : { line: text.slice(0, span.start).split("\n").length }),
    })),
  };
}

/** A step of a pipeline's document. */
export const shell = (name: string, rest = "", command = "true"): string =>
  `    - {name: ${name}, type: task, command_type: shell, command: ${JSON.stringify(command)}${rest}}\n`;

/** A document of steps that follow each other. */
export const chain = (length: number): string =>
  `dag:\n  steps:\n${Array.from({ length }, (_, i) => shell(`s${i}`)).join("")}`;

/** Workflows of a pipeline of which nothing is reported, by the name of their file. */
export function writtenWorkflows(text: string, settings: CompileSettings = {}): ReadonlyMap<string, WrittenWorkflow> {
  const compiled = compileForGithub(text, settings);
  expect(compiled.reports).toEqual([]);
  return workflowsOf(compiled);
}

/** The pipeline's own workflow. */
export function mainWorkflow(text: string, settings: CompileSettings = {}): WrittenWorkflow {
  const workflow = writtenWorkflows(text, settings).get("p");
  if (workflow === undefined) throw new Error("no workflow");
  return workflow;
}

/** A job as it stands in the file. */
export interface WrittenJob {
  readonly needs?: readonly string[];
  readonly if?: string;
  readonly steps?: readonly WrittenStep[];
  readonly [key: string]: unknown;
}

export interface WrittenStep {
  readonly id?: string;
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: { readonly [name: string]: unknown };
  readonly env?: { readonly [name: string]: string };
}

/** The workflows among the files, read back, by their names without folder and ending. */
export function workflowsOf({ files }: CompiledWorkflows): ReadonlyMap<string, WrittenWorkflow> {
  return new Map(
    [...files].flatMap(([path, text]) => {
      const name = /^\.github\/workflows\/(.*)\.yml$/.exec(path)?.[1];
      return name === undefined ? [] : [[name, parse(text)]];
    }),
  );
}

export interface WrittenWorkflow {
  readonly name: string;
  readonly on: { readonly [event: string]: WrittenEvent };
  readonly concurrency?: object;
  readonly jobs: { readonly [id: string]: WrittenJob };
}

export interface WrittenEvent {
  readonly inputs?: { readonly [name: string]: object };
  readonly secrets?: object;
  readonly outputs?: object;
}
