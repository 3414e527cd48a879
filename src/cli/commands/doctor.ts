import { checkServicesHere } from "../../configuration/check-services-here.ts";
import type { Configuration } from "../../configuration/configuration.ts";
import { servicesOf } from "../../configuration/services-of.ts";
import { DiagnosticSink } from "../../diagnostics/sink.ts";
import { exitCode } from "../../protocol/exit-codes.ts";
import { ServiceError } from "../../protocol/services.ts";
import { protocolVersion } from "../../protocol/step-spec.ts";
import { version } from "../../protocol/version.ts";
import { openServices } from "../../services/open-services.ts";
import { probeCatalog, probeRunLogStore } from "../../services/probe-stores.ts";
import type { Services } from "../../services/services.ts";
import type { RunLogStore } from "../../stores/contract/run-log-store.ts";
import { StoreError } from "../../stores/contract/store-error.ts";
import { present } from "../../system/present.ts";
import { loadConfiguration } from "../input/load-pipeline.ts";
import type { ConfigurationOptions, DiagnosticOptions } from "../input/options.ts";
import { reportBeside } from "../output/report.ts";
import { painter } from "../output/terminal.ts";

type DoctorOptions = ConfigurationOptions & DiagnosticOptions & { readonly json?: boolean };

interface Check {
  readonly service: string;
  /** Of what kind and where. */
  readonly store: string;
  /** What was found to work. */
  readonly holds: string;
  /** What was found not to; empty: all is well. */
  readonly wrong: readonly string[];
  /** Where the credentials of a server come from, and until when they hold. */
  readonly credentials?: string;
}

/** `magnus doctor`: uses the configured services once as a run would; exit 2 where one cannot be relied on. */
export async function doctor(options: DoctorOptions): Promise<number> {
  const sink = new DiagnosticSink();
  const configuration = loadConfiguration(options, sink);
  if (!sink.hasErrors) checkServicesHere(forServices(configuration), process.env, sink);
  const services = sink.hasErrors ? undefined : open(configuration, sink);
  const failure = reportBeside(sink, options);
  if (failure !== undefined || services === undefined) return failure ?? exitCode.badInput;
  const checks = [await checkRunLog(services), await checkCatalog(services), checkSecrets(services)];
  process.stdout.write(options.json ? printJson(checks) : printTable(checks));
  return checks.every(({ wrong }) => wrong.length === 0) ? exitCode.success : exitCode.badInput;
}

/** An executor that is a target is no reason not to look at the services. */
function forServices(configuration: Configuration): Configuration {
  return { ...configuration, executor: { type: "local", config: {}, places: new Map() } };
}

/** A server that does not answer is not waited for as long as a step would. Tables are made where they are missing. */
function open(configuration: Configuration, sink: DiagnosticSink): Services | undefined {
  try {
    return openServices(servicesOf(configuration), process.env, process.cwd(), {
      mayMigrate: true,
      patience: { patienceMs: 3_000, firstPauseMs: 100 },
      timeoutMs: 10_000,
    });
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    sink.report("service-unusable", { cause: error.message });
    return undefined;
  }
}

async function checkRunLog({ runLogStore }: Services): Promise<Check> {
  const holds = "reads, writes and exclusive claims work";
  const wrong = await probeRunLogStore(runLogStore);
  if (wrong.length === 0) await rememberProof(runLogStore);
  return { service: "run log", store: runLogStore.name, holds, wrong, ...(await credentialsOf(runLogStore)) };
}

/** Where it cannot be remembered, runs go on to say that nobody has tried. */
async function rememberProof(store: RunLogStore): Promise<void> {
  try {
    await store.markProven?.();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
}

async function checkCatalog({ catalog }: Services): Promise<Check> {
  const holds = catalog.keeps ? "reads and writes work" : "stores nothing";
  const wrong = await probeCatalog(catalog);
  return { service: "catalog", store: catalog.name, holds, wrong, ...(await credentialsOf(catalog)) };
}

/** Nothing where there are none, or where the probe has said why. */
async function credentialsOf(store: Pick<RunLogStore, "credentials">): Promise<Pick<Check, "credentials">> {
  try {
    const credentials = await store.credentials?.();
    return credentials ? { credentials } : {};
  } catch (error) {
    if (error instanceof StoreError) return {};
    throw error;
  }
}

/** A source that cannot be read says so when it is asked for any name. */
function checkSecrets({ secrets }: Services): Check {
  const check = { service: "secrets", store: secrets.name, holds: "can be read" };
  try {
    secrets.get("MAGNUS_DOCTOR");
    return { ...check, wrong: [] };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { ...check, wrong: [error.message] };
  }
}

const versions = { magnus: version, protocol: protocolVersion, node: process.version, platform: process.platform };

function printJson(checks: readonly Check[]): string {
  const shown = checks.map(({ service, store, wrong, credentials }) => ({
    ...{ service, store, ok: wrong.length === 0, wrong },
    ...present({ credentials }),
  }));
  return `${JSON.stringify({ checks: shown, versions })}\n`;
}

function printTable(checks: readonly Check[]): string {
  const paint = painter(process.stdout);
  const lines = checks.flatMap(({ service, store, holds, wrong, credentials }) => {
    const fine = wrong.length === 0;
    const mark = fine ? paint("success", "ok   ") : paint("failed", "wrong");
    const rest = fine ? [`: ${holds}`] : ["", ...wrong.map((line) => `\n         ${line}`)];
    const asked = credentials === undefined ? [] : [`         credentials: ${credentials}`];
    return [`${mark}  ${service.padEnd(8)}  ${store}${rest.join("")}`, ...asked];
  });
  const { magnus, protocol, node, platform } = versions;
  return `${[...lines, `       versions  magnus ${magnus} (protocol ${protocol}), Node ${node}, ${platform}`].join("\n")}\n`;
}
