/** Names that compiled files, shim and tasks agree on. */
export const parameterPrefix = "MAGNUS_PRM_";
/** runnable's spelling, read from the runner's environment too. */
export const parameterPrefixes = [parameterPrefix, "RUNNABLE_PRM_"] as const;
export const metricPrefix = "MAGNUS_TRACK_";
/** One `K=V` longer than this is not put into an environment (Linux: MAX_ARG_STRLEN is 131,072). Bytes. */
export const maxEnvironmentValue = 100 * 1024;
/**
 * All parameters together take at most this much of an environment, in both of their spellings. Linux gives arguments and
 * environment a quarter of the stack's limit, usually 2 MiB; macOS 1 MiB; what a task starts itself needs room, too. Bytes.
 */
export const maxParameterEnvironment = 512 * 1024;
/** Parameter names. */
export const parameterName = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Values of a delta that are longer (bytes of JSON) go to a blob, the event keeps the digest. */
export const maxInlineValue = 32 * 1024;
