// The Resume button: one attempt however often it is pressed, and an error in words that leaves it usable.

import { resume } from "./api.js";
import { element, setText } from "./dom.js";
import { nameOf, problemOf } from "./explain.js";
import { t } from "./language.js";

const STARTS_WITHIN_MS = 15_000;

/** The button and its message; `onStarted` is told that the service took it, or that it runs already. */
export function makeResume(job, { className, isNamed, onStarted }) {
  const label = element("span", {}, t("resume"));
  const name = isNamed ? t("resume_of", { name: nameOf(job) }) : null;
  const button = element("button", { type: "button", class: className, "aria-label": name, onclick: start }, label);
  const problem = element("p", { class: "problem", role: "alert" });
  let isStarting = false;

  async function start() {
    if (isStarting) return;
    showStarting(true);
    setText(problem, "");
    try {
      await resume(job.job_id);
      // The button goes when the import is seen to wait or run; should that never be, it can be used again.
      setTimeout(() => showStarting(false), STARTS_WITHIN_MS);
    } catch (error) {
      showStarting(false);
      button.focus();
      setText(problem, problemOf(error));
    }
    onStarted();
  }

  function showStarting(value) {
    isStarting = value;
    button.disabled = value;
    button.classList.toggle("busy", value);
    button.setAttribute("aria-busy", String(value));
    setText(label, t(value ? "resuming" : "resume"));
  }

  return { button, problem, isStarting: () => isStarting };
}
