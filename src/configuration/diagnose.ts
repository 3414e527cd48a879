/** What is reported of a configuration: each function words one kind of finding and points at its place. */
import type { OptionFinding } from "../diagnostics/option-finding.ts";
import type { DiagnosticSink } from "../diagnostics/sink.ts";
import { suggest } from "../diagnostics/suggest.ts";
import { describeJson } from "../protocol/describe-json.ts";
import type { Json } from "../protocol/json.ts";
import type { ServiceName } from "./service-name.ts";
import { pointAt, type SettingPlace } from "./setting-place.ts";

export function reportUnknownKey(
  sink: DiagnosticSink,
  key: string,
  what: string,
  known: readonly string[],
  place: SettingPlace | undefined,
): void {
  sink.report("unknown-configuration-key", {
    ...pointAt(place, "key"),
    what,
    key,
    suggestion: suggest(key, known),
    known,
  });
}

export function reportUnknownType(
  sink: DiagnosticSink,
  service: ServiceName,
  type: string,
  known: readonly string[],
  place: SettingPlace | undefined,
): void {
  sink.report("unknown-service-type", {
    ...pointAt(place, "value"),
    service: serviceWords[service],
    type,
    suggestion: suggest(type, known),
    known,
  });
}

/** The services as sentences name them. */
export const serviceWords: { readonly [service in ServiceName]: string } = {
  executor: "executor",
  run_log_store: "run log",
  catalog: "catalog",
  secrets: "source of secrets",
  experiment_tracker: "experiment tracker",
};

export function reportMissing(
  sink: DiagnosticSink,
  what: string,
  key: string,
  place: SettingPlace | undefined,
  expected: string,
): void {
  sink.report("missing-configuration-key", { ...pointAt(place, "key"), what, key, expected });
}

export function reportShape(
  sink: DiagnosticSink,
  what: string,
  expected: string,
  value: Json,
  place: SettingPlace | undefined,
): void {
  sink.report("bad-configuration-value", { ...pointAt(place, "value"), what, expected, got: describeJson(value) });
}

export function reportFinding(
  sink: DiagnosticSink,
  what: string,
  { code, problem, remedy }: Pick<OptionFinding, "code" | "problem" | "remedy">,
  value: Json,
  place: SettingPlace | undefined,
): void {
  sink.report(code, { ...pointAt(place, "value"), what, got: describeJson(value), problem, remedy });
}

export function reportTwice(sink: DiagnosticSink, key: string, place: SettingPlace, before: SettingPlace): void {
  sink.report("duplicate-configuration-key", {
    ...pointAt(place, "key"),
    key,
    related: [{ message: "first written here", span: pointAt(before, "key").span }],
  });
}

export function reportUnused(sink: DiagnosticSink, key: string, why: string, place: SettingPlace | undefined): void {
  sink.report("unused-configuration-key", { ...pointAt(place, "key"), key, why });
}

export function reportBadSet(sink: DiagnosticSink, place: SettingPlace, problem: string): void {
  sink.report("bad-set-flag", { ...pointAt(place, "key"), problem });
}
