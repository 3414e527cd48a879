/** Whether Kubernetes takes it as the name of an object (RFC 1123 subdomain). */
export function isObjectName(name: string, longest = 253): boolean {
  return name.length <= longest && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name);
}

/** Whether a `subPath` stays in its volume. */
export function isInner(path: string): boolean {
  return !path.startsWith("/") && !path.split("/").includes("..");
}
