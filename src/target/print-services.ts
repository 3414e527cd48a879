import { printJson } from "../protocol/json.ts";
import type { ServicesSpec } from "../protocol/services.ts";

/** The services as the shim reads them in MAGNUS_SERVICES: JSON on one line; undefined where all are as by default. */
export function printServices(services: ServicesSpec): string | undefined {
  return Object.keys(services).length === 0 ? undefined : printJson({ ...services });
}
