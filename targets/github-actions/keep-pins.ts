/**
 * A compiled workflow with the commits of actions that the file on disk has. People and bots move those to other
 * releases, and that is no reason for a file to differ from its pipeline. Kept is a commit, with the comment behind it,
 * to which the file on disk pins all uses of an action; and only where the compiler chose the commit, which then has a
 * comment, so that one that the configuration names stays what it says.
 */
export function keepPins(compiled: string, onDisk: string): string {
  const pins = new Map<string, string | undefined>();
  for (const [, , action = "", pin = ""] of onDisk.matchAll(uses)) {
    pins.set(action, pins.has(action) && pins.get(action) !== pin ? undefined : pin);
  }
  return compiled.replace(uses, (line, before: string, action: string, pin: string) =>
    pin.includes("#") ? `${before}${action}${pins.get(action) ?? pin}` : line,
  );
}

/** `uses: owner/action@<commit> # release` */
const uses = /^( *(?:- )?uses: )([\w.-]+\/[\w./-]+)(@[0-9a-f]{40}(?: #.*)?)$/gm;
