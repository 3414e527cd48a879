/** An MLflow server; opened by src/tracking. */
export interface TrackerSettings {
  /** Absent: what MLflow's own variables say. */
  readonly server?: string;
}
