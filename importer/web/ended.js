// An import that is over: how it ended, with what, and what can be done now.

import { health } from "./api.js";
import { element, icon, setText } from "./dom.js";
import { differenceOf, safetyOf } from "./explain.js";
import { duration } from "./format.js";
import { fact, stillBar } from "./interrupted.js";
import { t } from "./language.js";
import { makeResume } from "./resume.js";

const INDEX_LOOKS_MS = 3_000;
const ICONS = { completed: "check", completed_with_errors: "alert", failed: "cross", cancelled: "cross" };

/** The panel; it is made anew when the state changes. */
export function makeEnded(job, { onStarted, partial }) {
  const isComplete = job.status.startsWith("completed");
  const { title, text } = isComplete ? completion(job) : stop(job);
  const resuming = job.resumable ? makeResume(job, { className: "primary", onStarted }) : null;
  const index = makeIndexNote(isComplete);
  // Where only a larger limit helps, another upload would be killed as well.
  const again = !isComplete && (job.source_gone || !(job.resumable || job.error?.code === "memory"));
  const actions = [
    resuming?.button,
    again &&
      element(
        "a",
        { class: job.source_gone ? "button primary" : "button", href: `/?again=${job.job_id}` },
        t("upload_again"),
      ),
    partial,
  ];
  const node = element(
    "section",
    { class: `card ${job.status}`, "aria-labelledby": "state_title" },
    element("p", { class: `badge badge-${job.status}` }, icon(ICONS[job.status]), t(`status_${job.status}`)),
    element("h2", { id: "state_title" }, title),
    text && element("p", {}, text),
    isComplete ? null : stillBar(job),
    isComplete ? null : fact("safe_title", safetyOf(job)),
    job.status === "failed" ? fact(job.resumable ? "next_title" : "needed_title", differenceOf(job)) : null,
    !isComplete && job.source_gone && element("p", { class: "notice" }, t("source_gone")),
    index.node,
    isComplete ? null : element("div", { class: "actions" }, actions),
    resuming?.problem,
  );
  return { node, update: () => {}, stop: index.stop, isStarting: resuming?.isStarting ?? (() => false) };
}

function completion(job) {
  const took = duration((Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000);
  const [done, count] = [job.documents_done, job.documents_done + job.documents_failed];
  if (job.status === "completed") {
    const text = `${t("completed_text", { count: done })} ${t("took", { duration: took })}`;
    return { title: t("completed_title"), text };
  }
  if (done === 0) return { title: t("nothing_title"), text: t("nothing_text") };
  return { title: t("completed_with_errors_title"), text: t("completed_with_errors_text", { done, count }) };
}

function stop(job) {
  if (job.status === "cancelled") return { title: t("cancelled_title"), text: t("cancelled_text") };
  // With memory, what is needed is told below.
  if (job.error?.code === "memory") return { title: t("failed_memory_title"), text: "" };
  return { title: t("failed_title"), text: t("failed_text", { text: job.error?.text ?? "" }) };
}

/** Tells while the search index is being built. */
function makeIndexNote(isWanted) {
  const node = element("p", { class: "quiet", role: "status", hidden: true });
  let timer = 0;

  async function look() {
    const { index } = await health().catch(() => ({ index: "unknown" }));
    const isBuilding = index === "missing" || index === "building";
    node.hidden = !isBuilding;
    setText(node, isBuilding ? t("index_building") : "");
    if (isBuilding) timer = setTimeout(look, INDEX_LOOKS_MS);
  }

  if (isWanted) void look();
  return { node, stop: () => clearTimeout(timer) };
}
