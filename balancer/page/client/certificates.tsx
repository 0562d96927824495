/**
 * The certificates that clients are shown: their names, their end, and the reason why one cannot be
 * used or renewed.
 *
 * @module
 */
import type { JSX } from "preact";
import type { CertificateStatus } from "../../answers/certificate.ts";
import { counted, day } from "./format.ts";
import { certificateProblem } from "./health.ts";
import { useStore } from "./store.ts";

/** The card with the certificates; nothing without TLS. */
export function Certificates(): JSX.Element | null {
  const certificates = useStore().status.value?.certificates ?? [];
  if (certificates.length === 0) return null;
  return (
    <section class="card cluster" aria-labelledby="certificates-title">
      <header>
        <h2 id="certificates-title">Certificates</h2>
        <span class="soft">{counted(certificates.length, "certificate")}, the default first</span>
      </header>
      <div class="scroller" tabIndex={0} role="group" aria-label="Table of certificates">
        <table>
          <thead>
            <tr>
              {["Certificate", "Server names", "Key", "Ends", "Renewal"].map((title) => (
                <th key={title} scope="col">{title}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {certificates.map((one) => <Row key={one.name} certificate={one} />)}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ certificate }: { readonly certificate: CertificateStatus }): JSX.Element {
  const { name, names, kind, notAfter, daysLeft, source, renewal, fault } = certificate;
  const urgent = certificateProblem(certificate) !== undefined;
  return (
    <tr>
      <th scope="row">
        {name}
        {fault !== null && <span class="cause">{fault}</span>}
      </th>
      <td class="names">{names.join(", ") || "–"}</td>
      <td>{kind ?? "–"}</td>
      <td class={urgent ? "differs" : ""}>
        {notAfter === null || daysLeft === null
          ? "none is loaded"
          : <time dateTime={notAfter}>{day(notAfter)}, in {counted(daysLeft, "day")}</time>}
      </td>
      <td>
        {source === "file"
          ? "by its files"
          : renewal === null
          ? "by ACME"
          : `ACME, ${day(renewal)}`}
      </td>
    </tr>
  );
}
