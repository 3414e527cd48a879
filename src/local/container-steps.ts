/**
 * Steps in containers. In: a leaf that is to run now. Out: how it ended, read from what the shim in the container wrote
 * into the run log; so a step leaves here what it leaves on every other platform. The engine is docker or podman.
 */
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { PlanLeaf } from "../plan/plan.ts";
import type { Event, StepFinished } from "../protocol/event.ts";
import { printJson } from "../protocol/json.ts";
import type { Path } from "../protocol/path.ts";
import { printSpec } from "../protocol/spec-text.ts";
import { claimAttempt } from "../runtime/claim-attempt.ts";
import { readEvents } from "../runtime/event-writer.ts";
import { runStep } from "../runtime/run-step.ts";
import { scratchFolder } from "../runtime/scratch.ts";
import { supervise } from "../runtime/spawn.ts";
import type { StepResult, StepRun, StepServices } from "../runtime/step-run.ts";
import { uuidV7 } from "../runtime/uuid-v7.ts";
import { removeIfThere } from "../stores/atomic-file.ts";
import { StoreError } from "../stores/store-error.ts";
import { followWriter } from "./follow-writer.ts";
import type { LeafRunner } from "./run-pipeline.ts";
import { type ContainerSettings, engineCommand, type ShimSource } from "./step-container.ts";

export interface ContainerSteps {
  /** Undefined: this step runs on the host. */
  settingsOf(leaf: PlanLeaf): ContainerSettings | undefined;
  readonly shim: ShimSource;
  /** The folder of all run logs, and others that steps write; absolute. */
  readonly runLogFolder: string;
  readonly folders: readonly string[];
  /** The services for the shim: MAGNUS_SERVICES, its folders absolute. */
  readonly services: string;
  /** What containers wrote into the run log, as it comes. */
  seen(events: readonly Event[]): void;
}

export function containerSteps(containers: ContainerSteps): LeafRunner {
  let count = 0;
  return (leaf, step, services) => {
    const settings = step.spec.task === undefined ? undefined : containers.settingsOf(leaf);
    if (settings === undefined) return runStep(step, services);
    return runInContainer({ settings, number: ++count, step, services, containers });
  };
}

interface Work {
  readonly settings: ContainerSettings;
  /** Of the containers of this run. */
  readonly number: number;
  readonly step: StepRun;
  readonly services: StepServices;
  readonly containers: ContainerSteps;
}

async function runInContainer(work: Work): Promise<StepResult> {
  const { step, services, containers, number } = work;
  const writer = uuidV7();
  const follower = followWriter(containers.runLogFolder, services.run.id, writer, containers.seen);
  const files = [path.join(scratchFolder(), `${number}.env`), path.join(scratchFolder(), `${number}.spec.json`)];
  // Its start is told before what it prints.
  const output: StepServices["output"] = (stream, chunk) => {
    follower.look();
    return services.output(stream, chunk);
  };
  let failure: string | undefined;
  try {
    failure = await startAndWait({ ...work, services: { ...services, output } }, writer, files);
  } catch (error) {
    // A secret that cannot be read; a full disk.
    if (!(error instanceof StoreError)) throw error;
    failure = error.message;
  } finally {
    files.forEach(removeIfThere);
  }
  // With the values that stand beside the log because they are long.
  const events = await readEvents({ ...services.log, read: async () => follower.close() });
  const finish = events.findLast((event) => event.kind === "step.finished");
  if (finish?.kind === "step.finished" && finish.data.retry !== true) return resultOf(finish, events);
  return recordLoss(step, services, events, failure ?? "its container ended before the step did");
}

/** Runs the container to its end; says what happened where the shim cannot have. */
async function startAndWait(work: Work, writer: string, files: readonly string[]): Promise<string | undefined> {
  const { settings, number, step, services, containers } = work;
  const [envFile = "", spec = ""] = files;
  const name = `magnus-${services.run.id}-${number}`;
  const { run: _, ...own } = step.spec;
  writeFileSync(spec, printSpec(own), { mode: 0o600 });
  const { args, env } = engineCommand(
    {
      name,
      settings,
      shim: containers.shim,
      folders: containers.folders,
      env: { ...secretsFor(step, services), ...variables(work, writer) },
      ...userPart(),
      spec,
      at: printJson(atOf(step.path)),
    },
    envFile,
  );
  const ended = await supervise(
    { file: settings.engine, args, env: { ...hostEnvironment(), ...env }, cwd: services.projectDir },
    {
      // The shim inside has its own grace, and still writes its record.
      graceMs: services.graceMs + 5000,
      stop: services.stop,
      ...(services.kill === undefined ? {} : { kill: services.kill }),
      onStop: () => {},
      output: services.output,
    },
  );
  if (ended.kind === "cannot-start") return ended.message;
  // The engine's own end is not the container's.
  if (ended.stopped || ended.signal !== undefined) await removeContainer(settings.engine, name, services.projectDir);
  // docker run: 125 where the engine fails, 126 and 127 where the command cannot be started.
  if (ended.exitCode >= 125 && ended.exitCode <= 127) {
    return `${path.basename(settings.engine)} could not run a container of ${settings.image} (exit code ${ended.exitCode})`;
  }
  return ended.signal === undefined ? undefined : `${path.basename(settings.engine)} was ended by ${ended.signal}`;
}

function variables({ services, containers }: Work, writer: string): { readonly [name: string]: string } {
  const { id, tag } = services.run;
  return {
    MAGNUS_RUN_ID: id,
    ...(tag === undefined ? {} : { MAGNUS_RUN_TAG: tag }),
    MAGNUS_SERVICES: containers.services,
    MAGNUS_WRITER: writer,
  };
}

/** Secrets are looked up here; in the container they are variables, as on other platforms. Throws a StoreError. */
function secretsFor({ spec }: StepRun, { secrets }: StepServices): { readonly [name: string]: string } {
  const values: Record<string, string> = {};
  for (const name of spec.task?.secrets ?? []) {
    const value = secrets.get(name);
    if (value !== undefined) values[name] = value;
  }
  return values;
}

function userPart(): { readonly user?: { readonly uid: number; readonly gid: number } } {
  const { getuid, getgid } = process;
  return getuid === undefined || getgid === undefined ? {} : { user: { uid: getuid(), gid: getgid() } };
}

function hostEnvironment(): { readonly [name: string]: string } {
  const entries = Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return Object.fromEntries(entries);
}

/** The indices of the maps and loops on the way. */
function atOf(place: Path): { readonly i: number; readonly k?: string }[] {
  return place.flatMap(({ index, key }) =>
    index === undefined ? [] : [{ i: index, ...(key === undefined ? {} : { k: key }) }],
  );
}

async function removeContainer(engine: string, name: string, cwd: string): Promise<void> {
  const never = new AbortController().signal;
  await supervise(
    { file: engine, args: ["rm", "--force", name], env: hostEnvironment(), cwd },
    // Most often there is none any more, and the engine says so.
    { timeoutMs: 10_000, graceMs: 1000, stop: never, onStop: () => {}, output: () => {} },
  );
}

function resultOf({ attempt, data }: StepFinished, events: readonly Event[]): StepResult {
  const { status, exitCode, reason, message, delta = {}, control } = data;
  const files = events.flatMap((event) =>
    event.kind === "catalog.put" && event.attempt === attempt ? event.data.files : [],
  );
  return {
    status,
    attempt,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    delta: status === "success" ? delta : {},
    files,
    ...(control === undefined ? {} : { control }),
  };
}

/** The step has no last word: one that started is lost; one that never did could not be started. */
async function recordLoss(
  { path: place, round }: StepRun,
  services: StepServices,
  events: readonly Event[],
  message: string,
): Promise<StepResult> {
  const started = events.findLast((event) => event.kind === "step.started");
  const cancelled = services.stop.aborted;
  if (started?.kind === "step.started" && !cancelled) {
    const { attempt } = started;
    await services.writer.write({ kind: "step.lost", path: place, attempt, round, data: { message } });
    return { status: "failed", attempt, reason: "internal", message, delta: {}, files: [] };
  }
  const attempt = started?.kind === "step.started" ? started.attempt : await claimAttempt(services.log, place);
  const head = { path: place, attempt, round };
  const status = cancelled ? "cancelled" : "failed";
  const reason = cancelled ? "cancelled" : "cannot-start";
  await services.writer.write(
    ...(started === undefined ? [{ kind: "step.started", ...head, data: {} } as const] : []),
    { kind: "step.finished", ...head, data: { status, reason, message, durationMs: 0 } },
  );
  return { status, attempt, reason, message, delta: {}, files: [] };
}
