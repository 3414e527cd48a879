import type { Json } from "../protocol/json.ts";
import type { ServiceName } from "./service-name.ts";
import type { Setting } from "./setting.ts";
import type { SettingPlace } from "./setting-place.ts";

/** What one source of configuration says: a service that it does not name is absent. */
export type Layer = { readonly [service in ServiceName]?: Setting } & {
  readonly targets?: { readonly [name: string]: Setting };
  readonly isolate?: Scalar;
  readonly grace?: Scalar;
};

export interface Scalar {
  readonly value: Json;
  readonly place: SettingPlace;
}

/** Later over earlier, service by service and target by target. */
export function overlay(earlier: Layer, later: Layer): Layer {
  const targets = { ...earlier.targets, ...later.targets };
  return { ...earlier, ...later, ...(Object.keys(targets).length === 0 ? {} : { targets }) };
}
