#!/usr/bin/env node
/**
 * Phase: the command line. One file a command; this one only names them, so that `--help` loads nothing else.
 * docs/cli.md is the contract.
 */
import { Command, CommanderError, Option } from "commander";
import { exitCode } from "../protocol/exit-codes.ts";
import { protocolVersion } from "../protocol/step-spec.ts";
import { version } from "../protocol/version.ts";
import { configured, copying, diagnosed, example, given, positive, repeatable } from "./input/command-options.ts";
import { usageHint } from "./output/usage-hints.ts";

const program = new Command("magnus")
  .usage("COMMAND [options]")
  .description("Write a pipeline once; run it here, or compile it for your orchestrator.")
  .version(`magnus ${version} (protocol ${protocolVersion})`, "-V, --version", "print the versions")
  .helpOption("-h, --help", "print this help, or that of a command")
  .helpCommand(false)
  .showHelpAfterError("(magnus --help lists commands and options)")
  .exitOverride()
  .configureOutput({
    outputError: (message, write) => {
      const hint = usageHint(message, process.argv.slice(2));
      write(hint === undefined ? message : `${message.replace(/\n\(Did you mean [^\n]*\)/, "")}hint: ${hint}\n`);
    },
  })
  .configureHelp({
    showGlobalOptions: false,
    subcommandTerm: (command) => `${command.name()} ${command.usage().replace("[options]", "").trim()}`.trim(),
    optionTerm: (option) => option.flags.replace(/[<>]/g, ""),
    // Without `(default: …)`: a description says what is usual where that matters.
    optionDescription: (option) => option.description,
  })
  .addHelpText(
    "after",
    `
Example: magnus init && magnus run pipeline.yaml

Exit codes: 0 success; 1 the run failed, or --check found a difference;
2 bad input, nothing was done; 70 internal error; 130, 143 interrupted.`,
  );

diagnosed(configured(given(program.command("run [pipeline]"))))
  .alias("execute")
  .usage("PIPELINE [options]")
  .description("run a pipeline here")
  .option("-f, --file <PIPELINE>", "the pipeline, as magnus-core had it")
  .option("--run-id <ID>", "id of the new run")
  .option("--tag <TEXT>", "label of the run")
  .option("-j, --jobs <N>", "steps at a time (default: number of CPUs)", positive)
  .option("--json", "print every event as a line of JSON, then the outcome")
  .option("-v, --verbose", "also print commands, files and parameters")
  .addHelpText("after", example("magnus run pipeline.yaml --param lr=0.1 --jobs 4"))
  .action(async (pipeline: string | undefined, options, command: Command) => {
    const name = oneName(pipeline, options.file, command);
    return finish((await import("./commands/run.ts")).run(name, options));
  });

diagnosed(configured(given(program.command("compile <pipeline>"))))
  .usage("PIPELINE --target NAME [options]")
  .description("compile a pipeline for a target")
  .addOption(repeatable("-t, --target <NAME>", "one of `magnus targets`, or ir (repeatable)").makeOptionMandatory())
  .option("-o, --output <DIR>", "output folder (default: the current one); - prints a single file", ".")
  .option("--check", "write nothing; exit 1 if the files on disk differ")
  .option("--json", "print what was written as JSON")
  .addHelpText("after", example("magnus compile pipeline.yaml --target shell -o -"))
  .action(async (pipeline: string, options, command: Command) => {
    if (options.check && options.output === "-") command.error("error: --check compares files, so -o must be a folder");
    const own = (await import("./input/target-flags.ts")).settingsOf(command, options.target);
    const set = [...(options.set ?? []), ...own];
    return finish((await import("./commands/compile.ts")).compile(pipeline, { ...options, set }));
  });

diagnosed(configured(given(program.command("check <pipelines...>"))))
  .usage("PIPELINE... [options]")
  .description("check pipelines and print all diagnostics")
  .addOption(repeatable("-t, --target <NAME>", "check for this target, too (repeatable)"))
  .addHelpText("after", example("magnus check pipelines/*.yaml --format github"))
  .action(async (pipelines, options) => finish((await import("./commands/check.ts")).check(pipelines, options)));

program
  .command("simulate <file>")
  .usage("FILE [options]")
  .description("run compiled files here, as a platform would")
  .addOption(new Option("-t, --target <NAME>", "the platform (default: detected from the file)"))
  .addOption(repeatable("--param <NAME=VALUE>", "a parameter or input of the workflow (repeatable)"))
  .addOption(repeatable("--input <NAME=VALUE>", "the same as --param (repeatable)"))
  .addOption(repeatable("--secret <NAME=VALUE>", "a secret, NAME as the platform has it (repeatable)"))
  .option("-j, --jobs <N>", "pods or jobs at a time (default: number of CPUs, or 4)", positive)
  .option("--json", "print how it ended as JSON")
  .addHelpText("after", example("magnus simulate .github/workflows/pipeline.yml --input seed=8"))
  .action(async (file: string, options, command: Command) => {
    const flags = (await import("./input/target-flags.ts")).givenFlags(command);
    return finish((await import("./commands/simulate.ts")).simulate(file, { ...options, flags }));
  });

const runs = program
  .command("runs")
  .usage("COMMAND")
  .description("list, show, verify, close and copy runs")
  .helpCommand(false)
  .addHelpText("after", example("magnus runs show latest"));
diagnosed(configured(runs.command("list")))
  .usage("[options]")
  .description("all runs, newest first")
  .option("--json", "print as JSON")
  .addHelpText("after", example("magnus runs list --json"))
  .action(async (options) => finish((await import("./commands/runs.ts")).listRuns(options)));
diagnosed(configured(runs.command("show <run>")))
  .usage("RUN [options]")
  .description("a run id, a prefix of one, `latest`, or a folder")
  .option("--json", "print the whole view as JSON")
  .option("--normalised", "print the normalised form, equal on all targets")
  .addHelpText("after", example("magnus runs show latest"))
  .action(async (run, options) => finish((await import("./commands/runs.ts")).showRun(run, options)));
diagnosed(configured(runs.command("log <run> [step]")))
  .usage("RUN STEP [options]")
  .description("print the output of a step, by its dotted name")
  .option("--attempt <N>", "the number of an earlier attempt", positive)
  .option("--timestamps", "print the time and stream of each line")
  .addHelpText("after", example("magnus runs log latest train.oslo.fit"))
  .action(async (run: string, step: string | undefined, options) =>
    finish((await import("./commands/runs.ts")).showLog(run, step, options)),
  );
configured(runs.command("export <run>"))
  .usage("RUN [options]")
  .description("print a run in another tool's format")
  .addOption(new Option("--format <FORM>", "magnus-json").choices(["magnus-json"]).default("magnus-json"))
  .addHelpText("after", example("magnus runs export latest --format magnus-json >run.json"))
  .action(async (run, options) => finish((await import("./commands/runs.ts")).exportRun(run, options)));
diagnosed(configured(runs.command("verify [runs...]")))
  .usage("[RUN...] [options]")
  .description("check that a run's record is complete and undamaged (default: all runs)")
  .option("--no-files", "skip the contents of catalogued files")
  .option("--json", "print as JSON")
  .addHelpText("after", example("magnus runs verify latest"))
  .action(async (names, options) => finish((await import("./commands/runs-verify.ts")).verifyRuns(names, options)));
diagnosed(configured(runs.command("close <run>")))
  .usage("RUN [options]")
  .description("close a run whose process was killed, as failed")
  .option("--gone", "even if magnus cannot see whether it is still running")
  .addHelpText("after", example("magnus runs close latest"))
  .action(async (run, options) => finish((await import("./commands/runs-close.ts")).closeRunOf(run, options)));
copying(runs.command("push <runs...>"), "--to")
  .usage("RUN... --to STORE [options]")
  .description("copy runs to another store, with their files")
  .addHelpText("after", example("magnus runs push latest --to team.yaml"))
  .action(async (names, { to, ...options }) =>
    finish((await import("./commands/copy-runs.ts")).pushRuns(names, { ...options, store: to })),
  );
copying(runs.command("pull <runs...>"), "--from")
  .usage("RUN... --from STORE [options]")
  .description("copy runs from another store, with their files")
  .addHelpText("after", example("magnus runs pull 20261125 --from team.yaml"))
  .action(async (names, { from, ...options }) =>
    finish((await import("./commands/copy-runs.ts")).pullRuns(names, { ...options, store: from })),
  );

diagnosed(configured(program.command("doctor")))
  .usage("[options]")
  .description("check that the configured stores work")
  .option("--json", "print as JSON")
  .addHelpText("after", example("magnus doctor -c ci.yaml"))
  .action(async (options) => finish((await import("./commands/doctor.ts")).doctor(options)));

const track = program
  .command("track")
  .usage("sync")
  .description("upload runs to a tracking server")
  .helpCommand(false)
  .addHelpText("after", example("magnus track sync latest"));
diagnosed(configured(track.command("sync <run>")))
  .usage("RUN [options]")
  .description("upload to the tracking server what is missing of a run")
  .option("--json", "print what was uploaded as JSON")
  .addHelpText("after", example("magnus track sync latest --set experiment_tracker.type=mlflow"))
  .action(async (run, options) => finish((await import("./commands/track.ts")).syncTracked(run, options)));

diagnosed(program.command("init [dir]"))
  .usage("[DIR]")
  .description("write a first pipeline and its configuration")
  .addHelpText("after", example("magnus init first-project"))
  .action(async (dir, options) => finish((await import("./commands/init.ts")).init(dir, options)));

program
  .command("targets")
  .usage("[options]")
  .description("list the targets and what each can run")
  .option("--json", "print as JSON")
  .addHelpText("after", example("magnus targets"))
  .action(async (options) => finish((await import("./commands/targets.ts")).targets(options)));

const shim = program
  .command("shim")
  .usage("image")
  .description("build an image with the shim")
  .helpCommand(false)
  .addHelpText("after", example("magnus shim image"));
diagnosed(configured(shim.command("image")))
  .usage("[options]")
  .description("write the Dockerfile of the image that carries the shim")
  .option("-o, --output <DIR>", "the build context", "magnus-shim-image")
  .option("--check", "write nothing; exit 1 if the files on disk differ")
  .option("--json", "print the image, what was written and the commands as JSON")
  .addHelpText("after", example("magnus shim image -o build/shim"))
  .action(async (options) => finish((await import("./commands/shim-image.ts")).shimImage(options)));

program
  .command("help [command...]", { hidden: true })
  .helpOption(false)
  .action(async (words: readonly string[]) => {
    const command = words.reduce<Command | undefined>(
      (found, word) => found?.commands.find((each) => each.name() === word || each.aliases().includes(word)),
      program,
    );
    if (command === undefined) program.error(`error: unknown command '${words.join(" ")}'`);
    else {
      await addTargetFlags(command, ["--help"]);
      process.stdout.write(command.helpInformation());
    }
  });

program.hook("preSubcommand", (_, command) => addTargetFlags(command, process.argv.slice(3)));

/** Before a command reads its arguments: targets are asked for flags of their own. */
async function addTargetFlags(command: Command, argv: readonly string[]): Promise<void> {
  if (command.name() === "compile") await (await import("./input/target-flags.ts")).addCompileFlags(command, argv);
  if (command.name() === "simulate") await (await import("./input/target-flags.ts")).addSimulateFlags(command);
}

function oneName(pipeline: string | undefined, file: string | undefined, command: Command): string {
  if (pipeline !== undefined && file !== undefined) {
    return command.error(`error: the pipeline is given twice: ${pipeline} and -f ${file}`);
  }
  return pipeline ?? file ?? command.error("error: missing required argument 'pipeline'");
}

async function finish(code: Promise<number>): Promise<void> {
  process.exitCode = await code;
}

/** Says so and sets the exit code; nothing that a user writes leads here. */
function reportDefect(error: unknown): void {
  const told = error instanceof Error ? error.stack : String(error);
  process.stderr.write(
    `magnus: internal error: this is a bug in magnus, not in your pipeline. Please report it with the
pipeline and these lines:

magnus ${version}, Node ${process.version}, ${process.platform}
${told}
`,
  );
  process.exitCode = exitCode.defect;
}

// A reader that went away (`magnus runs list | head`) ends neither a run nor this program badly.
process.stderr.on("error", () => {});
process.stdout.on("error", () => {});
process.stdout.once("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") return;
  process.stderr.write(`magnus: the result cannot be printed: ${error.message}\n`);
  // Last, so that the command's own code does not hide it.
  process.on("exit", () => {
    process.exitCode = exitCode.failed;
  });
});
process.on("uncaughtException", (error) => {
  reportDefect(error);
  process.exit();
});
program.parseAsync().catch((error: unknown) => {
  if (!(error instanceof CommanderError)) reportDefect(error);
  else process.exitCode = error.exitCode === 0 ? exitCode.success : exitCode.badInput;
});
