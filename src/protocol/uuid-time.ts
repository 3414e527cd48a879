/** Milliseconds since the epoch of what begins with a uuidv7 (RFC 9562), as writers and events are called; else undefined. */
export function timeOfUuidV7(text: string): number | undefined {
  const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab]/.exec(text) ?? [];
  return high === undefined || low === undefined ? undefined : Number.parseInt(high + low, 16);
}
