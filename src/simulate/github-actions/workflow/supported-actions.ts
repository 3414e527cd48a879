/** The actions that the simulator plays itself, without their versions. */
export const supportedActions = {
  "actions/checkout": "checkout",
  "actions/upload-artifact": "upload-artifact",
  "actions/download-artifact": "download-artifact",
  "actions/setup-python": "setup",
  "actions/setup-node": "setup",
  "actions/cache": "cache",
  "actions/cache/restore": "cache",
  "actions/cache/save": "cache",
} as const;

export type SupportedAction = (typeof supportedActions)[keyof typeof supportedActions];

/** What plays `owner/name@version`; undefined: nothing does. */
export function supportedAction(uses: string): SupportedAction | undefined {
  const name = uses.replace(/@.*$/, "").toLowerCase();
  return Object.entries(supportedActions).find(([known]) => known === name)?.[1];
}

/** Local actions (`./folder`) are run for what they are. */
export function isSupportedAction(uses: string): boolean {
  return uses.startsWith("./") || supportedAction(uses) !== undefined;
}

/** Versions 1 to 3 of the artifact actions, whose service was shut down in January 2025. */
export function isWithdrawn(uses: string): boolean {
  return /^actions\/(upload|download)-artifact@v?[1-3](\.|$)/i.test(uses);
}
