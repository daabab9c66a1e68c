// The documents that failed, with their reasons, a page at a time, and all of them as a file.

import { failures, failuresCsv } from "./api.js";
import { element, setText } from "./dom.js";
import { problemOf } from "./explain.js";
import { has, t } from "./language.js";

const PAGE = 20;

/** The section for an import with failed documents. */
export function makeFailures(job) {
  const rows = element("tbody");
  const problem = element("p", { class: "problem", role: "alert" });
  const more = element(
    "button",
    { type: "button", class: "quiet-button", hidden: true, onclick: () => void load() },
    t("more"),
  );
  const download = element("button", { type: "button", class: "small", onclick: () => void save() }, t("failures_csv"));
  const node = element(
    "section",
    { class: "card", "aria-labelledby": "failures_title" },
    element(
      "div",
      { class: "split" },
      element("h2", { id: "failures_title" }, t("failures_title", { count: job.documents_failed })),
      download,
    ),
    element(
      "table",
      { "aria-labelledby": "failures_title" },
      element("thead", {}, element("tr", {}, column("failures_document"), column("failures_reason"))),
      rows,
    ),
    more,
    problem,
  );

  async function load() {
    setText(problem, "");
    try {
      const page = await failures(job.job_id, rows.childElementCount, PAGE);
      const added = page.errors.map(row);
      rows.append(...added);
      more.hidden = rows.childElementCount >= page.total || added.length === 0;
    } catch (error) {
      setText(problem, `${t("failures_error")} ${problemOf(error)}`);
      more.hidden = false;
    }
  }

  async function save() {
    setText(problem, "");
    try {
      const address = URL.createObjectURL(await failuresCsv(job.job_id));
      element("a", { href: address, download: `failed-${job.job_id}.csv` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    } catch (error) {
      setText(problem, problemOf(error));
    }
  }

  void load();
  return { node };
}

const column = (key) => element("th", { scope: "col" }, t(key));

function row({ name, reason, detail }) {
  const words = has(`reason_${reason}`) ? t(`reason_${reason}`) : (reason ?? "");
  // The detail is the service's own sentence, which is English.
  const sentence = detail ? element("p", { class: "quiet", lang: "en" }, detail) : null;
  return element(
    "tr",
    {},
    element("td", { class: "name" }, name),
    element("td", {}, element("p", {}, words), sentence),
  );
}
