/** The services of a configuration by their canonical keys. */
export const serviceNames = ["executor", "run_log_store", "catalog", "secrets", "experiment_tracker"] as const;

export type ServiceName = (typeof serviceNames)[number];
