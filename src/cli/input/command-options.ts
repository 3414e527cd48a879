/** Options that several commands have, and the pieces that they are made of. */
import { type Command, InvalidArgumentError, Option } from "commander";

/** From or to another store. */
export function copying(command: Command, direction: "--to" | "--from"): Command {
  const store = new Option(`${direction} <STORE>`, "a configuration file, or a folder like .magnus");
  return diagnosed(configured(command))
    .addOption(store.makeOptionMandatory())
    .option("--no-files", "do not copy catalogued files")
    .option("--json", "print what was copied as JSON");
}

/** What a run starts with, or a compiled file's defaults. */
export function given(command: Command): Command {
  return command
    .option("-p, --parameters-file <FILE>", "parameters, YAML or JSON")
    .addOption(repeatable("--param <NAME=VALUE>", "set a parameter; JSON, or else text (repeatable)"));
}

/** Everything that reads the configuration. */
export function configured(command: Command): Command {
  return command
    .option("-c, --config <FILE>", "a configuration file, merged over magnus-config.yaml")
    .addOption(repeatable("--set <KEY=VALUE>", "set a configuration value (repeatable)"));
}

/** Everything that reports. */
export function diagnosed(command: Command): Command {
  const formats = ["pretty", "json", "github"];
  return command
    .addOption(
      new Option("--format <FORM>", "format of diagnostics: pretty, json or github").choices(formats).default("pretty"),
    )
    .option("-q, --quiet", "print errors only");
}

/** An option that collects its values. */
export function repeatable(flags: string, description: string): Option {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  return new Option(flags, description).argParser(collect);
}

/** A count. */
export function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("It must be a whole number above 0.");
}

/** The end of a command's help. */
export function example(line: string): string {
  return `\nExample:\n  ${line}`;
}
