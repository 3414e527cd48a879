/** GitHub's limits, which it tells only when a workflow is started, and what no runner could reach. */
import type { DiagnosticSink } from "../../src/diagnostics/sink.ts";
import { planNodes } from "../../src/plan/plan.ts";
import type { Plan } from "../../src/plan/plan-node.ts";
import type { ServicesSpec } from "../../src/protocol/services.ts";
import { isInProcess, variablesOfServices } from "../../src/services/services-elsewhere.ts";
import { schedulesOf } from "../../src/target/schedules/schedules.ts";
import type { TargetContext } from "../../src/target/target.ts";
import { longestExpression } from "./conditions/expression.ts";
import { type File, type Layout, sitesOf } from "./conditions/sites.ts";
import type { Workflows } from "./files.ts";
import { githubSecret } from "./github-secret.ts";
import { limitsOf } from "./limits.ts";
import type { GithubOptions } from "./options.ts";
import { keepsOf, variablesOf } from "./services.ts";

/** A larger file never starts. Bytes. */
const largestFile = 512_000;
/** A job of the shortest names in which nothing travels, and one as they are mostly. Bytes. */
const smallestJob = 400;
const usualJob = 1_150;

type Context = Pick<TargetContext<GithubOptions>, "options" | "places">;

export function checkSecretNames(plan: Plan, { options, places }: Context, sink: DiagnosticSink): void {
  for (const { node } of planNodes(plan.root)) {
    if (node.kind !== "task") continue;
    node.secrets.forEach((name, i) => {
      const secret = githubSecret(name, options);
      if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(secret) && !/^GITHUB_/i.test(secret)) return;
      const span = places.of(node, "secrets", i);
      const hint = `name it under \`targets.github-actions.secrets\`: {${name}: ANOTHER_NAME}`;
      sink.report("target-limit", { target, what: `"${secret}" cannot be the name of a GitHub secret`, hint, span });
    });
  }
}

export function checkStorage(services: ServicesSpec, options: GithubOptions, sink: DiagnosticSink): void {
  if (isInProcess(services.run_log_store)) {
    sink.report("target-option-missing", {
      target,
      what: "the run log is kept in memory, and would be lost with the first job",
      hint: "use `run_log_store: {type: file-system}` for this target: it travels as artifacts",
    });
  }
  for (const name of variablesOfServices(services, variablesOf(options))) {
    if (options.env?.[name] !== undefined) continue;
    sink.report("target-option-missing", {
      target,
      what: `the services need the variable ${name}, which no job would have`,
      hint: `add it to \`targets.github-actions.env\`: {${name}: \${{ vars.${name} }}}${orRole(name)}`,
    });
  }
}

function orRole(name: string): string {
  return name.startsWith("AWS_") ? ", or a role of AWS that trusts the repository as AWS_ROLE_ARN" : "";
}

/** What an older server has not. */
export function checkServer(services: ServicesSpec, options: GithubOptions, sink: DiagnosticSink): void {
  const { artifacts, timezones } = limitsOf[options.limits];
  const { log, catalog } = keepsOf(services);
  const missing = (what: string, hint: string): void => sink.report("target-option-missing", { target, what, hint });
  if (!artifacts && (log || catalog)) {
    const hint = "put run log and catalog into folders that all runners share, by absolute paths, or into servers";
    missing("the server has no artifacts by which run log and catalog could travel", hint);
  }
  if (!timezones && schedulesOf(options).some(({ timezone = "UTC" }) => timezone !== "UTC")) {
    missing("the server knows no time zones of schedules", "give the times in UTC, without `timezone`");
  }
}

/** What cannot fit is not built: it could take minutes. */
export function checkSteps({ files }: Layout, { places }: Context, sink: DiagnosticSink): void {
  for (const file of files) {
    const steps = [...sitesOf(file.graph)].filter(({ kind, home }) => kind === "leaf" && home.file === file).length;
    if (steps * smallestJob <= largestFile) continue;
    const span = file.owner === undefined ? places.document : places.of(file.owner.node.node);
    const what = `${steps} steps in a file, of which some ${Math.floor(largestFile / usualJob)} fit into 500 KiB`;
    sink.report("target-limit", { target, what, hint: "split the pipeline", span });
  }
}

export function checkSizes({ layout, workflows }: Workflows, { options, places }: Context, sink: DiagnosticSink): void {
  const report = (what: string, hint: string, span = places.document): void =>
    sink.report("target-limit", { target, what, hint, span });
  const { files, levels } = limitsOf[options.limits];
  if (workflows.length > files) {
    report(`${workflows.length} files of at most ${files}`, "use fewer maps and loops, or split the pipeline");
  }
  for (const file of layout.files) {
    if (levelOf(file) > levels) {
      const hint = "nest fewer maps and loops";
      report(
        `calls of ${levelOf(file)} levels, of at most ${levels}`,
        hint,
        file.owner && places.of(file.owner.node.node),
      );
    }
  }
  for (const { workflow, text } of workflows) {
    const size = Buffer.byteLength(text);
    const kibibytes = Math.ceil(size / 1024);
    if (size > largestFile) report(`${workflow.file} has ${kibibytes} KiB of at most 500`, "split the pipeline");
    if (longestText(workflow) > longestExpression) {
      const what = `an expression of more than ${longestExpression} characters in ${workflow.file}`;
      report(what, "group steps in `dag` steps");
    }
  }
}

function levelOf({ owner }: File): number {
  if (owner === undefined) return 1;
  return levelOf(owner.home.file) + (owner.body === "batches" ? 2 : 1);
}

function longestText(value: unknown): number {
  if (typeof value === "string") return value.includes("${{") ? value.length : 0;
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce((most: number, part) => Math.max(most, longestText(part)), 0);
}

const target = "github-actions";
