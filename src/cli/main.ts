#!/usr/bin/env node
/**
 * Phase: the command line. One file a command; this one only names them, so that `--help` loads nothing else.
 * docs/cli.md is the contract.
 */
import { Command, CommanderError, Option } from "commander";
import { exitCode } from "../protocol/exit-codes.ts";
import { protocolVersion } from "../protocol/step-spec.ts";
import { version } from "../protocol/version.ts";

const program = new Command("magnus")
  .description("Write a pipeline once; run it here, or compile it to the orchestrator that you already have.")
  .version(`magnus ${version} (protocol ${protocolVersion})`, "-V, --version", "print the versions")
  .helpOption("-h, --help", "print this help")
  .helpCommand(false)
  .showHelpAfterError("(magnus --help lists commands and options)")
  .configureHelp({
    sortSubcommands: false,
    subcommandTerm: (command) => `${command.name()} ${command.usage().replace("[options]", "").trim()}`,
  })
  .addHelpText(
    "after",
    `
Examples:
  magnus init && magnus run pipeline.yaml
  magnus compile pipeline.yaml --target shell && ./pipeline.sh

Exit codes: 0 success, 1 the run failed or --check found a difference, 2 bad input, 70 a defect of magnus.`,
  );

const common = (command: Command): Command =>
  command
    .option("-c, --config <file>", "configuration over magnus-config.yaml")
    .option("-p, --parameters-file <file>", "parameters, YAML or JSON")
    .option("--param <name=value>", "one parameter, JSON or else text (repeatable)", collect, [])
    .option("--set <key=value>", "one value of the configuration (repeatable)", collect, [])
    .addOption(
      new Option("--format <format>", "how diagnostics are printed")
        .choices(["pretty", "json", "github"])
        .default("pretty"),
    )
    .option("-q, --quiet", "print errors only")
    .option("-v, --verbose", "print more");

common(program.command("run <pipeline>"))
  .alias("execute")
  .usage("[options] PIPELINE")
  .description("run a pipeline here")
  .option("-f, --file <pipeline>", "the pipeline (as magnus-core had it)")
  .option("--run-id <id>", "name of the run; must be new")
  .option("--tag <text>", "label of the run")
  .option("-j, --jobs <n>", "steps that run at a time (default: processors)", positive)
  .option("--json", "print every event as a line of JSON, then the outcome")
  .addHelpText("after", example("magnus run pipeline.yaml --param lr=0.1 --jobs 4"))
  .action(async (pipeline, options) => finish((await import("./run.ts")).run(pipeline, options)));

common(program.command("compile <pipeline>"))
  .usage("[options] PIPELINE")
  .description("write the files of a target")
  .requiredOption("-t, --target <name...>", "one or more of `magnus targets`, or ir")
  .option("-o, --output <dir>", "folder below which files are written; - prints a single file", ".")
  .option("--check", "write nothing; exit 1 where the files on disk differ")
  .option("--json", "print what was written as JSON")
  .addHelpText("after", example("magnus compile pipeline.yaml --target shell -o -"))
  .action(async (pipeline, options) => finish((await import("./compile.ts")).compile(pipeline, options)));

common(program.command("check <pipelines...>"))
  .usage("[options] PIPELINE...")
  .description("print all diagnostics, nothing else")
  .option("-t, --target <name...>", "check for these targets, too")
  .addHelpText("after", example("magnus check pipelines/*.yaml --format github"))
  .action(async (pipelines, options) => finish((await import("./check.ts")).check(pipelines, options)));

const runs = program.command("runs").usage("list|show|log|export").description("read run logs").helpCommand(false);
const store = (command: Command): Command =>
  command
    .option("-c, --config <file>", "configuration over magnus-config.yaml")
    .option("--set <key=value>", "one value of the configuration (repeatable)", collect, []);
store(runs.command("list").description("all runs, newest first"))
  .option("--json", "print as JSON")
  .action(async (options) => finish((await import("./runs.ts")).listRuns(options)));
store(runs.command("show <run>").description("a run: an id, a prefix of one, latest, or a folder"))
  .option("--json", "print the whole view as JSON")
  .option("--normalised", "print the form in which runs of all targets are equal")
  .action(async (run, options) => finish((await import("./runs.ts")).showRun(run, options)));
store(runs.command("log <run> <step>").description("what a step printed: its name as `runs show` has it, dotted"))
  .option("--attempt <n>", "an earlier attempt", positive)
  .action(async (run, step, options) => finish((await import("./runs.ts")).showLog(run, step, options)));
store(runs.command("export <run>").description("a run in another tool's form"))
  .addOption(new Option("--format <format>", "the form").choices(["magnus-json"]).default("magnus-json"))
  .action(async (run, options) => finish((await import("./runs.ts")).exportRun(run, options)));

program
  .command("init [dir]")
  .usage("[DIR]")
  .description("write a first pipeline with its configuration")
  .action(async (dir) => finish((await import("./init.ts")).init(dir)));

program
  .command("targets")
  .usage("")
  .description("list the targets and what each can run")
  .option("--json", "print as JSON")
  .action(async (options) => finish((await import("./targets.ts")).targets(options)));

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new CommanderError(exitCode.badInput, "bad-number", `error: "${text}" is not a whole number above 0`);
  }
  return value;
}

function example(line: string): string {
  return `\nExample:\n  ${line}`;
}

async function finish(code: Promise<number>): Promise<void> {
  process.exitCode = await code;
}

function exitQuietly(command: Command): void {
  command.exitOverride();
  for (const sub of command.commands) exitQuietly(sub);
}

exitQuietly(program);
program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    if (error.code === "bad-number") process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode === 0 ? exitCode.success : exitCode.badInput;
    return;
  }
  process.stderr.write(
    `magnus: this is a defect of magnus, not of your pipeline. Please report it with the pipeline and these lines:\n${error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exitCode = exitCode.defect;
});
