/** The command line of a container that runs one step, for docker and for podman, which takes the same. */

import type { SecretFile } from "../../runtime/given/secret-file.ts";
import type { Variables } from "../../system/environment.ts";

export interface ContainerSettings {
  /** The program: an absolute path. */
  readonly engine: string;
  /** It may be called docker all the same. */
  readonly isPodman: boolean;
  readonly engineArgs: readonly string[];
  readonly image: string;
  /** Variables of the configuration. */
  readonly environment: Variables;
  readonly remove: boolean;
}

/** Where the shim is installed: a folder of this machine, by its absolute name, or a volume of the engine. */
export type ShimSource = { readonly type: "bind" | "volume"; readonly source: string };

export interface StepContainer {
  readonly name: string;
  readonly settings: ContainerSettings;
  /** Mounted read-only where {@link shimFolder} says. */
  readonly shim: ShimSource;
  /** Mounted under their own names; the first is the working directory. Absolute. */
  readonly folders: readonly string[];
  /** Mounted read-only under their own names. Absolute. */
  readonly files: readonly string[];
  readonly env: Variables;
  /** Numeric; undefined: the image's. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** The file of the step's spec. */
  readonly spec: string;
  /** `--at`, as the shim takes it. */
  readonly at: string;
}

/** Where containers find the shim, as in the shim's own image, and the spec. */
const shimFolder = "/opt/magnus";
const specFile = "/opt/magnus-step.json";
/** docker reads lines of at most 64 KiB. Characters. */
const maxLine = 20_000;

/**
 * The engine's arguments. The environment goes by a file that only this user can read, since arguments are shown to
 * everybody; what a line of a file cannot hold goes by the engine's own environment (`env`). The spec goes by file, too.
 */
export function engineCommand(
  container: StepContainer,
  envFile: SecretFile,
): { readonly args: readonly string[]; readonly env: Variables } {
  const { name, settings, shim, folders, files, user, spec, at } = container;
  const variables = Object.entries({ ...settings.environment, ...container.env });
  const fits = (value: string): boolean => value.length <= maxLine && !/[\r\n]/.test(value);
  const inFile = variables.filter(([, value]) => fits(value));
  const inherited = variables.filter(([, value]) => !fits(value));
  envFile.write(inFile.map(([variable, value]) => `${variable}=${value}\n`).join(""));
  return {
    args: [
      "run",
      ...(settings.remove ? ["--rm"] : []),
      // Its standard input ends with whoever runs this command.
      "--interactive",
      "--name",
      name,
      "--env-file",
      envFile.path,
      ...inherited.flatMap(([variable]) => ["--env", variable]),
      ...(user === undefined ? [] : userOf(user, settings)),
      ...mount(shim, shimFolder, true),
      ...mount({ type: "bind", source: spec }, specFile, true),
      ...folders.flatMap((folder) => mount({ type: "bind", source: folder }, folder, false)),
      ...files.flatMap((file) => mount({ type: "bind", source: file }, file, true)),
      "--workdir",
      folders[0] ?? "/",
      ...settings.engineArgs,
      "--entrypoint",
      `${shimFolder}/magnus-shim`,
      settings.image,
      "run",
      "--spec",
      `@${specFile}`,
      "--at",
      at,
    ],
    env: Object.fromEntries(inherited),
  };
}

/** The arguments that have an image of the shim (`magnus shim image`) install itself in a volume. */
export function installingCommand(image: string, volume: string): readonly string[] {
  const folder = "/magnus-volume";
  const shim = ["--entrypoint", `${shimFolder}/magnus-shim`, image, "install", folder];
  return ["run", "--rm", ...mount({ type: "volume", source: volume }, folder, false), ...shim];
}

/** Files that a step writes are the caller's. A podman without root would map that user to another one. */
function userOf(
  { uid, gid }: { readonly uid: number; readonly gid: number },
  { isPodman }: ContainerSettings,
): readonly string[] {
  const keep = isPodman && uid !== 0 ? ["--userns", "keep-id"] : [];
  return [...keep, "--user", `${uid}:${gid}`];
}

function mount({ type, source }: ShimSource, target: string, readOnly: boolean): readonly string[] {
  const fields = [`type=${type}`, csv(`source=${source}`), csv(`target=${target}`), ...(readOnly ? ["ro"] : [])];
  return ["--mount", fields.join(",")];
}

/** The fields of `--mount` are those of a CSV line. (`ro`: podman 4 takes `readonly` for folders only.) */
function csv(field: string): string {
  return /[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
