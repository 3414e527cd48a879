import { readFileSync, statSync } from "node:fs";

interface Login {
  readonly host: string;
  readonly port: string;
  readonly database: string;
  readonly user: string;
}

/**
 * The password for a login in a file of passwords, and for people where it was, or why the file was not read. Undefined where
 * there is none. As libpq, a file that others may read is left alone.
 * https://www.postgresql.org/docs/current/libpq-pgpass.html
 */
export function findPassword(
  file: string,
  login: Login,
): { readonly password: string; readonly from: string } | undefined {
  let text: string;
  try {
    const { mode } = statSync(file);
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      return { password: "", from: `no password; ${file} is not read, since others can read it (chmod 600)` };
    }
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  const host = login.host.startsWith("/") ? "localhost" : login.host;
  const wanted = [host, login.port, login.database, login.user];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const [password = "", ...fields] = fieldsOf(line).reverse();
    const matches = wanted.every((value, i) => [value, "*"].includes(fields.at(-1 - i) ?? ""));
    if (fields.length === wanted.length && matches) return { password, from: file };
  }
  return undefined;
}

/** Between colons; `\:` and `\\` stand for the second sign. */
function fieldsOf(line: string): string[] {
  const fields = [""];
  for (const [part] of line.matchAll(/\\(.)|[^\\]|\\$/gs)) {
    if (part === ":" && fields.length < 5) fields.push("");
    else fields.push(`${fields.pop()}${part.length === 2 ? part[1] : part}`);
  }
  return fields;
}
