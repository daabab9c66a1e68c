// An import that stopped on its way: what is known, what is safe, what will be different, and one button to go on.

import { element, icon } from "./dom.js";
import { causeOf, differenceOf, safetyOf } from "./explain.js";
import { progress } from "./format.js";
import { t } from "./language.js";
import { makeResume } from "./resume.js";

/** The panel; it is made anew when the state changes. */
export function makeInterrupted(job, { onStarted, partial }) {
  const cause = causeOf(job);
  const resuming = job.resumable
    ? makeResume(job, { className: "primary", onStarted })
    : { button: null, problem: null, isStarting: () => false };
  const again = element(
    "a",
    { class: job.source_gone ? "button primary" : "button", href: `/?again=${job.job_id}` },
    t("upload_again"),
  );
  const node = element(
    "section",
    { class: "card warn", "aria-labelledby": "state_title" },
    element("p", { class: "badge badge-interrupted" }, icon("pause"), t("status_interrupted")),
    element("h2", { id: "state_title" }, cause.title),
    element("p", {}, cause.text),
    stillBar(job),
    fact("safe_title", safetyOf(job)),
    fact("next_title", differenceOf(job)),
    job.source_gone && element("p", { class: "notice" }, t("source_gone")),
    element("div", { class: "actions" }, resuming.button, again, partial),
    resuming.problem,
  );
  return { node, update: () => {}, isStarting: resuming.isStarting };
}

/** How far it came: a bar that does not move any more. */
export function stillBar(job) {
  return element(
    "div",
    { class: "still" },
    element("progress", { max: 1, value: job.progress, class: "still", "aria-label": t("progress_label") }),
    element("span", { "aria-hidden": "true" }, progress(job.progress)),
  );
}

/** A headline and its sentence; nothing where there is none. */
export function fact(title, text) {
  return text ? element("div", { class: "fact" }, element("h3", {}, t(title)), element("p", {}, text)) : null;
}
