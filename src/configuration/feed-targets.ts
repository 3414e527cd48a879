import type { Layer } from "./layer.ts";
import type { Setting } from "./setting.ts";

/** An executor whose type is a target (magnus-core's way to say it) gives that target's options what `targets` does not. */
export function feedTargets(layer: Layer, targetNames: readonly string[]): Layer {
  const { executor, targets } = layer;
  if (executor === undefined || !targetNames.includes(executor.type)) return layer;
  const own = targets?.[executor.type];
  return { ...layer, targets: { ...targets, [executor.type]: own === undefined ? executor : lay(own, executor) } };
}

function lay(over: Setting, under: Setting): Setting {
  const hidden = Object.keys(over.config).map((key) => JSON.stringify(key));
  // What a key of `over` hides must not lend its places to it.
  const visible = [...under.places].filter(
    ([at]) => !hidden.some((key) => at === `[${key}]` || at.startsWith(`[${key},`)),
  );
  return { ...over, config: { ...under.config, ...over.config }, places: new Map([...visible, ...over.places]) };
}
