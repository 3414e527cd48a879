import type { Setting } from "./setting.ts";

export interface Configuration {
  readonly executor: Setting;
  readonly runLogStore: Setting;
  readonly catalog: Setting;
  readonly secrets: Setting;
  readonly experimentTracker: Setting;
  /** Options of targets by name, as written; the target checks them. An executor of that type is merged into them. */
  readonly targets: { readonly [name: string]: Setting };
  /** What there is to compile for. An executor of such a type is no executor here. */
  readonly targetNames: readonly string[];
  /** Whether steps get a working directory of their own; `auto`: where two could write the same file. */
  readonly isolate: "auto" | "always" | "never";
  /** Between TERM and KILL of a step that has to stop. Milliseconds. */
  readonly graceMs: number;
}
