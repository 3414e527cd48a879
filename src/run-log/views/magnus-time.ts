/** A time as Python's `str(datetime)` gives it, in UTC: `2026-11-23 06:40:55.188000`. Milliseconds since 1970. */
export function magnusTime(milliseconds: number): string {
  const [date = "", time = ""] = new Date(milliseconds).toISOString().slice(0, -5).split("T");
  return `${date} ${time}${fraction(milliseconds)}`;
}

/** A duration as Python's `str(timedelta)` gives it: `0:00:00.812000`, `1 day, 2:03:04`. */
export function magnusDuration(milliseconds: number): string {
  const whole = Math.max(0, Math.round(milliseconds));
  const seconds = Math.floor(whole / 1000);
  const days = Math.floor(seconds / 86_400);
  const clock = [Math.floor((seconds % 86_400) / 3600), pad(Math.floor(seconds / 60) % 60), pad(seconds % 60)].join(
    ":",
  );
  return `${days === 0 ? "" : `${days} day${days === 1 ? "" : "s"}, `}${clock}${fraction(whole)}`;
}

function pad(n: number): string {
  return String(n).padStart(2, "0");
}

/** Python leaves a fraction of zero out. */
function fraction(milliseconds: number): string {
  const rest = Math.round(milliseconds) % 1000;
  return rest === 0 ? "" : `.${String(rest).padStart(3, "0")}000`;
}
