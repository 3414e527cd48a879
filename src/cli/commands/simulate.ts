import path from "node:path";
import { DiagnosticSink } from "../../diagnostics/sink.ts";
import { exitCode } from "../../protocol/exit-codes.ts";
import { packageRoot } from "../../system/package-root.ts";
import { stopSignals } from "../../system/stop-signals.ts";
import { visible } from "../../system/visible.ts";
import type { SimulationHost } from "../../target/simulator.ts";
import type { Target } from "../../target/target.ts";
import { loadTargets } from "../input/load-target.ts";
import { readSource, shownName } from "../input/source-files.ts";
import type { GivenFlag } from "../input/target-flags.ts";
import { reportDiagnostics } from "../output/report.ts";
import { painter } from "../output/terminal.ts";

export interface SimulateOptions {
  readonly target?: string;
  readonly param?: readonly string[];
  readonly input?: readonly string[];
  readonly secret?: readonly string[];
  readonly jobs?: number;
  readonly json?: boolean;
  /** Those that targets have added. */
  readonly flags: readonly GivenFlag[];
}

/** `magnus simulate`: runs what a platform would be given as the platform would, its containers as processes here. */
export async function simulate(name: string, options: SimulateOptions): Promise<number> {
  const sink = new DiagnosticSink();
  const source = readSource(name, sink);
  if (source === undefined) return reportDiagnostics(sink, { format: "pretty" }) ?? exitCode.badInput;
  const able = (await loadTargets()).filter(({ simulator }) => simulator !== undefined);
  const [only, ...others] = able.filter((target) =>
    options.target === undefined ? target.simulator?.recognises(source.text) : target.name === options.target,
  );
  if (options.target === undefined && only === undefined && /^dag:/m.test(source.text)) {
    sink.report("simulates-a-pipeline", { name: source.name, target: able[0]?.name ?? "" });
    return reportDiagnostics(sink, { format: "pretty" }) ?? exitCode.badInput;
  }
  if (only?.simulator === undefined || others.length > 0) {
    return refuse([`${source.name}: unknown platform; name it with --target: ${namesOf(able)}`]);
  }
  const { flags, param = [], input = [], secret = [], jobs, json = false } = options;
  const foreign = flags.filter(({ target }) => target !== only.name);
  if (foreign.length > 0) {
    return refuse(
      foreign.map(({ long, target }) => `${long} is a flag of ${target}; ${source.name} is of ${only.name}`),
    );
  }
  const run = await only.simulator.load();
  const given = {
    ...{ parameters: [...param, ...input], secrets: secret, json },
    flags: Object.fromEntries(flags.map(({ long, values }) => [long.replace(/^--/, ""), values])),
    ...(jobs === undefined ? {} : { jobs }),
  };
  return run({ name, text: source.text }, given, simulationHost());
}

function refuse(problems: readonly string[]): number {
  for (const problem of problems) process.stderr.write(`magnus: ${visible(problem)}\n`);
  return exitCode.badInput;
}

function namesOf(targets: readonly Target[]): string {
  return targets.map(({ name }) => name).join(", ");
}

function simulationHost(): SimulationHost {
  return {
    shim: path.join(packageRoot, "dist/start.cjs"),
    stop: () => stopSignals().stop,
    say: (line) => void process.stderr.write(`${line}\n`),
    print: (text) => void process.stdout.write(text),
    paint: painter(process.stderr),
    shownName,
  };
}
