import type { JsonObject } from "../protocol/json.ts";
import type { SettingPlace, SettingPlaces } from "./setting-place.ts";

/** One service, or the options of one target. */
export interface Setting {
  /** In dashes (`file-system`); of a target: its name. */
  readonly type: string;
  /** Keys in underscores. Variables are unresolved. */
  readonly config: JsonObject;
  /** Where the type was written; undefined: the default. */
  readonly place?: SettingPlace;
  /** Where parts of `config` were written. */
  readonly places: SettingPlaces;
}
