// Deletes an import, after asking once.

import { remove } from "./api.js";
import { element, setText } from "./dom.js";
import { nameOf, problemOf } from "./explain.js";
import { t } from "./language.js";

/** The button that opens the question; `onDeleted` is told when it is done. */
export function makeRemoval(job, onDeleted) {
  return element("button", { type: "button", class: "danger-quiet", onclick: () => ask(job, onDeleted) }, t("delete"));
}

function ask(job, onDeleted) {
  const problem = element("p", { class: "problem", role: "alert" });
  const yes = element("button", { type: "button", class: "danger", onclick: () => void go() }, t("delete_yes"));
  const no = element("button", { type: "button", onclick: () => dialog.close() }, t("delete_no"));
  const dialog = element(
    "dialog",
    { "aria-labelledby": "delete_title", "aria-describedby": "delete_text", onclose: () => dialog.remove() },
    element("h2", { id: "delete_title" }, t("delete_title")),
    element("p", { class: "name" }, nameOf(job)),
    element("p", { id: "delete_text" }, t("delete_text")),
    problem,
    element("div", { class: "actions" }, no, yes),
  );

  async function go() {
    yes.disabled = true;
    try {
      await remove(job.job_id);
      dialog.close();
      onDeleted();
    } catch (error) {
      yes.disabled = false;
      setText(problem, problemOf(error));
    }
  }

  document.body.append(dialog);
  dialog.showModal();
  no.focus();
}
