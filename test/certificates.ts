import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Authority {
  /** PEM of the authority itself. */
  certificate: string;
  /** Files of a new certificate for these names, e.g. `DNS:localhost` or `IP:127.0.0.1`. */
  issue(subjectAltName: string, options?: { expired?: boolean }): { cert: string; key: string };
  file: string;
  remove(): void;
}

/** A certificate authority of the tests' own, made with the `openssl` command in a temporary folder. */
export function makeAuthority(): Authority {
  const home = mkdtempSync(join(tmpdir(), "sluice-test-ca-"));
  const at = (name: string) => join(home, name);
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, { stdio: "pipe", cwd: home });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    ...["req", "-x509", ...newKey, "-keyout", at("ca.key"), "-out", at("ca.pem")],
    ...["-days", "2", "-subj", "/CN=Test authority"],
  );
  let issued = 0;
  return {
    certificate: readFileSync(at("ca.pem"), "utf8"),
    file: at("ca.pem"),
    issue(subjectAltName, { expired = false } = {}) {
      const name = `leaf-${++issued}`;
      const [cert, key, request] = [at(`${name}.pem`), at(`${name}.key`), at(`${name}.csr`)];
      writeFileSync(at(`${name}.ext`), `subjectAltName=${subjectAltName}\n`);
      openssl("req", ...newKey, "-keyout", key, "-out", request, "-subj", "/CN=Test server");
      openssl(
        ...["x509", "-req", "-in", request, "-CA", at("ca.pem"), "-CAkey", at("ca.key")],
        ...["-CAcreateserial", "-out", cert, "-extfile", at(`${name}.ext`)],
        ...["-days", expired ? "-1" : "2"],
      );
      return { cert, key };
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}
