/** Flags that targets add to `compile` and `simulate`: those commands get them before they read their arguments. */
import { type Command, Option } from "commander";
import type { OptionFlag, TargetFlag } from "../../target/flag.ts";
import { loadTargets } from "./load-target.ts";

class TargetOption extends Option {
  readonly target: string;
  readonly flag: TargetFlag;

  constructor(target: string, flag: TargetFlag) {
    super(flag.flags, `${target}: ${flag.description}`);
    this.target = target;
    this.flag = flag;
    if (flag.isRepeatable) this.argParser((value: string, before: readonly string[] = []) => [...before, value]);
  }
}

/** Targets are only loaded where they are needed: for the help, and for a flag that `compile` itself does not have. */
export async function addCompileFlags(command: Command, argv: readonly string[]): Promise<void> {
  const known = new Set(command.options.flatMap(({ long, short }) => [long, short]));
  const isKnown = (word: string): boolean => known.has(word.replace(/=.*$/s, ""));
  if (argv.every((word) => !word.startsWith("-") || isKnown(word))) return;
  for (const { name, flags = [] } of await loadTargets()) {
    for (const flag of flags) command.addOption(new TargetOption(name, flag));
  }
}

/** The flags of `compile` that were given, as `--set` has them. One of a target that is not compiled for is an error. */
export function settingsOf(command: Command, targets: readonly string[]): readonly string[] {
  return givenFlags(command).map(({ target, long, flag, values }) => {
    if (!targets.includes(target)) command.error(`error: ${long} is a flag of ${target}: add --target ${target}`);
    return `targets.${target}.${(flag as OptionFlag).option}=${values.at(-1)}`;
  });
}

export async function addSimulateFlags(command: Command): Promise<void> {
  const able = (await loadTargets()).filter(({ simulator }) => simulator !== undefined);
  command.options.find(({ long }) => long === "--target")?.choices(able.map(({ name }) => name));
  for (const { name, simulator } of able) {
    for (const flag of simulator?.flags ?? []) command.addOption(new TargetOption(name, flag));
  }
}

/** A flag of a target that stands on the command line. */
export interface GivenFlag {
  readonly target: string;
  /** With its dashes. */
  readonly long: string;
  readonly flag: TargetFlag;
  readonly values: readonly string[];
}

export function givenFlags(command: Command): readonly GivenFlag[] {
  return command.options.flatMap((option) => {
    if (!(option instanceof TargetOption)) return [];
    const value: unknown = command.getOptionValue(option.attributeName());
    if (value === undefined) return [];
    return [{ target: option.target, long: option.long ?? "", flag: option.flag, values: [value].flat().map(String) }];
  });
}
