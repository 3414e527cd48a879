import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";

export interface Certificate {
  /** Files in PEM. */
  readonly cert: string;
  readonly key: string;
}

/** Why there can be none; undefined: there can. */
export function noCertificates(): string | undefined {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "openssl is not installed";
  }
}

/** One that signs others. */
export function newAuthority(folder: string, name = "ca"): Certificate {
  return make(folder, name, ["-x509", "-days", "2", "-subj", `/CN=${name}`]);
}

/** One for the common name, and for the names in OpenSSL's form: `IP:127.0.0.1`, `DNS:db.example`. */
export function newCertificate(folder: string, name: string, by: Certificate, names?: string): Certificate {
  const request = make(folder, name, ["-subj", `/CN=${name}`]);
  const extensions = path.join(folder, `${name}.ext`);
  writeFileSync(extensions, names === undefined ? "" : `subjectAltName=${names}\n`);
  const cert = path.join(folder, `${name}.pem`);
  const signed = ["-CA", by.cert, "-CAkey", by.key, "-CAcreateserial", "-days", "2", "-extfile", extensions];
  openssl(["x509", "-req", "-in", request.cert, "-out", cert, ...signed]);
  return { cert, key: request.key };
}

function make(folder: string, name: string, rest: readonly string[]): Certificate {
  const [cert, key] = [path.join(folder, `${name}.crt`), path.join(folder, `${name}.key`)];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(["req", ...curve, "-keyout", key, "-out", cert, ...rest]);
  return { cert, key };
}

function openssl(args: readonly string[]): void {
  execFileSync("openssl", args, { stdio: "ignore" });
}
