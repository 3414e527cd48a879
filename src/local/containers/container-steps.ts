/**
 * Steps in containers. In: a leaf that is to run now. Out: how it ended, read from what the shim in the container wrote
 * into the run log; so a step leaves here what it leaves on every other platform. The engine is docker or podman.
 */

import { writeFileSync } from "node:fs";
import path from "node:path";
import type { PlanLeaf } from "../../plan/plan-node.ts";
import type { Event, StepFinished } from "../../protocol/event.ts";
import { printJson } from "../../protocol/json.ts";
import type { Path } from "../../protocol/path.ts";
import { printSpec } from "../../protocol/spec-text.ts";
import { readEvents } from "../../run-log/record/read-events.ts";
import { claimAttempt } from "../../runtime/attempt/claim-attempt.ts";
import { runStep } from "../../runtime/attempt/run-step.ts";
import { type Ended, supervise } from "../../runtime/attempt/spawn.ts";
import type { StepResult, StepRun, StepServices } from "../../runtime/attempt/step-run.ts";
import { scratchFolder } from "../../runtime/given/scratch.ts";
import { newSecretFile, type SecretFile } from "../../runtime/given/secret-file.ts";
import type { RunLog } from "../../stores/contract/run-log-store.ts";
import { StoreError } from "../../stores/contract/store-error.ts";
import { removeIfThere } from "../../system/atomic-file.ts";
import { present } from "../../system/present.ts";
import { uuidV7 } from "../../system/uuid-v7.ts";
import { followRun } from "../followers/follow-run.ts";
import { followWriter } from "../followers/follow-writer.ts";
import type { Follower } from "../followers/follower.ts";
import type { LeafRunner } from "../run-pipeline.ts";
import { containerFailure } from "./container-failure.ts";
import { type ContainerSettings, engineCommand, type ShimSource } from "./step-container.ts";

export interface ContainerSteps {
  /** Undefined: this step runs on the host. */
  settingsOf(leaf: PlanLeaf): ContainerSettings | undefined;
  readonly shim: ShimSource;
  /** The folder of all run logs; absolute. Absent: they are on a server. */
  readonly runLogFolder?: string;
  /** Folders that steps write; the first is the project's. Absolute. */
  readonly folders: readonly string[];
  /** Files that steps read; absolute. */
  readonly files: readonly string[];
  /** The services for the shim: MAGNUS_SERVICES, its folders absolute. */
  readonly services: string;
  /** What containers wrote into the run log, as it comes. */
  seen(events: readonly Event[]): void;
}

export function containerSteps(containers: ContainerSteps): LeafRunner {
  let count = 0;
  const { runLogFolder } = containers;
  let followOnServer: ReturnType<typeof followRun> | undefined;
  const follow: Work["follow"] = (writer, log, seen) => {
    if (runLogFolder !== undefined) return followWriter(runLogFolder, log.run, writer, seen);
    followOnServer ??= followRun(log);
    return followOnServer(writer, seen);
  };
  return (leaf, step, services) => {
    const settings = step.spec.task === undefined ? undefined : containers.settingsOf(leaf);
    if (settings === undefined) return runStep(step, services);
    return runInContainer({ settings, number: ++count, step, services, containers, follow });
  };
}

interface Work {
  readonly settings: ContainerSettings;
  /** Of the containers of this run. */
  readonly number: number;
  readonly step: StepRun;
  readonly services: StepServices;
  readonly containers: ContainerSteps;
  follow(writer: string, log: RunLog, seen: ContainerSteps["seen"]): Follower;
}

async function runInContainer(work: Work): Promise<StepResult> {
  const { step, services, containers, number, settings } = work;
  const writer = uuidV7();
  const envFile = newSecretFile(path.join(scratchFolder(), `${number}.env`));
  const spec = path.join(scratchFolder(), `${number}.spec.json`);
  const first = firstWords();
  const follower = work.follow(writer, services.log, (events) => {
    // The engine has read it.
    first.end();
    envFile.remove();
    containers.seen(events);
  });
  const handOn: StepServices["output"] = (stream, chunk) => {
    if (stream === "stderr") first.add(chunk);
    return services.output(stream, chunk);
  };
  // Its start is told before what it prints.
  const output: StepServices["output"] = (stream, chunk) => {
    const looked = follower.look();
    return looked === undefined ? handOn(stream, chunk) : looked.then(() => handOn(stream, chunk));
  };
  let failure: string;
  try {
    const ended = await startAndWait({ ...work, services: { ...services, output } }, writer, { envFile, spec });
    failure = containerFailure(ended, first.text(), settings);
  } catch (error) {
    // A secret that cannot be read; a full disk.
    if (!(error instanceof StoreError)) throw error;
    failure = error.message;
  } finally {
    envFile.remove();
    removeIfThere(spec);
  }
  // With the values that stand beside the log because they are long.
  const events = await readEvents({ ...services.log, read: () => follower.close() });
  const finish = events.findLast((event) => event.kind === "step.finished");
  if (finish?.kind === "step.finished" && finish.data.retry !== true) return resultOf(finish, events);
  return recordLoss(step, services, events, failure);
}

/** What is said on standard error before the step begins: by the engine, or by a shim that cannot do its work. */
function firstWords() {
  /** What counts stands at the end. Characters. */
  const most = 8192;
  let text = "";
  let ended = false;
  return {
    add: (chunk: Uint8Array): void => {
      if (!ended) text = `${text}${Buffer.from(chunk).toString("utf8")}`.slice(-most);
    },
    end: (): void => {
      ended = true;
    },
    text: (): string => text,
  };
}

/** Runs the container to its end. Throws a StoreError. */
async function startAndWait(work: Work, writer: string, { envFile, spec }: ContainerFiles): Promise<Ended> {
  const { settings, number, step, services, containers } = work;
  const name = `magnus-${services.run.id}-${number}`;
  const { run: _, ...own } = step.spec;
  writeFileSync(spec, printSpec(own), { mode: 0o600 });
  const { args, env } = engineCommand(
    {
      name,
      settings,
      shim: containers.shim,
      folders: containers.folders,
      files: containers.files,
      env: { ...secretsFor(step, services), ...variables(work, writer) },
      ...userPart(),
      spec,
      at: printJson(atOf(step.path)),
    },
    envFile,
  );
  const ended = await supervise(
    { file: settings.engine, args, env: { ...hostEnvironment(), ...env }, cwd: services.projectDir, stdin: "open" },
    {
      // The shim inside has its own grace, and still writes its record.
      graceMs: services.graceMs + 5000,
      stop: services.stop,
      ...present({ kill: services.kill }),
      onStop: () => {},
      output: services.output,
    },
  );
  // The engine's own end is not the container's.
  const left = ended.kind === "exit" && (ended.stopped || ended.signal !== undefined);
  if (left) await endContainer(settings, name, services.projectDir);
  return ended;
}

interface ContainerFiles {
  readonly envFile: SecretFile;
  readonly spec: string;
}

function variables({ services, containers }: Work, writer: string): { readonly [name: string]: string } {
  const { id, tag } = services.run;
  return {
    MAGNUS_RUN_ID: id,
    ...present({ MAGNUS_RUN_TAG: tag }),
    MAGNUS_SERVICES: containers.services,
    MAGNUS_WRITER: writer,
    // Where this process is killed, the container is to end, too.
    MAGNUS_FOLLOWER: "stdin",
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
  return place.flatMap(({ index, key }) => (index === undefined ? [] : [{ i: index, ...present({ k: key }) }]));
}

async function endContainer({ engine, remove }: ContainerSettings, name: string, cwd: string): Promise<void> {
  const never = new AbortController().signal;
  await supervise(
    { file: engine, args: remove ? ["rm", "--force", name] : ["kill", name], env: hostEnvironment(), cwd },
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
    ...present({ exitCode, reason, message }),
    delta: status === "success" ? delta : {},
    files,
    ...present({ control }),
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
