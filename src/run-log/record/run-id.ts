/** A run's default id: sorts by time, tells runs of one second apart. `20261125-035712-k3x9` (UTC). */
export function newRunId(now: Date): string {
  const [date, time] = now.toISOString().split("T");
  const random = Math.floor(Math.random() * 36 ** 4)
    .toString(36)
    .padStart(4, "0");
  return `${date?.replaceAll("-", "")}-${time?.slice(0, 8).replaceAll(":", "")}-${random}`;
}
