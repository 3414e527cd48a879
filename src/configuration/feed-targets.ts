import type { Layer } from "./layer.ts";
import { serviceSchemas } from "./service-schemas.ts";
import type { Setting } from "./setting.ts";

/** An executor whose type is a target (magnus-core's way to say it) gives that target's options what `targets` does not. */
export function feedTargets(layer: Layer): Layer {
  const { executor, targets } = layer;
  if (executor === undefined || !isTarget(executor.type)) return layer;
  const own = targets?.[executor.type];
  return { ...layer, targets: { ...targets, [executor.type]: own === undefined ? executor : lay(own, executor) } };
}

/** Whether an executor of this type is no executor here but a target to compile for. */
export function isTarget(type: string): boolean {
  return Object.hasOwn(serviceSchemas.executor, type) && serviceSchemas.executor[type] === null;
}

function lay(over: Setting, under: Setting): Setting {
  const hidden = Object.keys(over.config).map((key) => JSON.stringify(key));
  // What a key of `over` hides must not lend its places to it.
  const visible = [...under.places].filter(
    ([at]) => !hidden.some((key) => at === `[${key}]` || at.startsWith(`[${key},`)),
  );
  return { ...over, config: { ...under.config, ...over.config }, places: new Map([...visible, ...over.places]) };
}
