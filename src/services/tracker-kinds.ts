import type { Elsewhere, Keys, TrackerKind } from "../stores/contract/service-kind.ts";
import { setOf } from "../stores/contract/set-of.ts";

export const noTracker: TrackerKind = {
  type: "do-nothing",
  open: () => undefined,
};

const keys = {
  /** The tracking server; default MLFLOW_TRACKING_URI. */
  server_url: { kind: "text" },
} as const satisfies Keys;

/** Opened by src/tracking. */
export const mlflow: TrackerKind<typeof keys> = {
  type: "mlflow",
  keys,
  addressVariables: ["MLFLOW_TRACKING_URI"],
  secretVariables: ["MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"],
  open: ({ server_url }) => (server_url ? { server: server_url } : {}),
};

export const mlflowElsewhere: Elsewhere = {
  programs: () => ["tracker.cjs"],
  needs: (settings) => (settings("server_url") === undefined ? ["MLFLOW_TRACKING_URI"] : []),
  // A task's own client reads them, too.
  variables: (_settings, host) =>
    setOf(
      Object.keys(host).filter((name) => name.startsWith("MLFLOW_")),
      host,
    ),
  address: (settings, environment) => settings("server_url") ?? environment.MLFLOW_TRACKING_URI,
};
