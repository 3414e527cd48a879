import { isObject, parseJson } from "../../src/protocol/json.ts";
import { needsServer, type ServicesSpec } from "../../src/protocol/services.ts";
import type { EmitContext, OutputFile } from "../../src/target/target.ts";

/** What the shim loads from beside itself where the services ask for it: what reaches stores and trackers on servers. */
export function besideShim({ services, program }: EmitContext<unknown>): readonly OutputFile[] {
  const spec = servicesIn({ services });
  const names = [
    ...(needsServer(spec) ? ["stores.cjs"] : []),
    ...(spec.experiment_tracker?.type === "mlflow" ? ["tracker.cjs"] : []),
  ];
  return names.map((name) => ({ path: `.github/magnus/${name}`, content: program(name) }));
}

/** The services' JSON, read; no service where all are as by default. */
export function servicesIn({ services }: Pick<EmitContext<unknown>, "services">): ServicesSpec {
  const spec = parseJson(services ?? "{}");
  return isObject(spec) ? (spec as unknown as ServicesSpec) : {};
}
