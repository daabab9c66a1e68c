// An import that waits or runs: how far it is, at which stage, how fast, and how to stop it.

import { announce } from "./announce.js";
import { cancel } from "./api.js";
import { element, setText } from "./dom.js";
import { problemOf } from "./explain.js";
import { duration, number, progress, rate } from "./format.js";
import { t } from "./language.js";

const STAGES = ["read", "chunk", "embed", "extract", "store", "index"];
const ANNOUNCE_EVERY = 0.1;

/** The panel; `update(job)` brings it up to date. */
export function makeRunning(job, { stages, onCancelled }) {
  const title = element("h2", { id: "state_title" });
  const share = element("p", { class: "share" });
  const bar = element("progress", { max: 1, "aria-label": t("progress_label") });
  const hint = element("p", { class: "quiet" });
  const list = makeStages(stages);
  const figures = makeFigures();
  const stopping = makeCancel(job, onCancelled);
  const node = element(
    "section",
    { class: "card", "aria-labelledby": "state_title" },
    element("div", { class: "split" }, title, share),
    bar,
    hint,
    list.node,
    figures.node,
    element("div", { class: "actions" }, stopping.button, element("p", { class: "quiet" }, t("cancel_note"))),
    stopping.problem,
  );
  let announced = job.progress;

  function update(now) {
    const isQueued = now.status === "queued";
    setText(title, t(isQueued ? "queued_title" : "running_title"));
    setText(share, progress(now.progress));
    setText(hint, isQueued ? t("queued_text") : now.documents_total === null ? t("counting") : "");
    hint.hidden = !hint.textContent;
    bar.value = now.progress;
    list.update(isQueued ? null : now.stage);
    figures.update(now);
    if (now.progress - announced >= ANNOUNCE_EVERY) {
      announced = now.progress;
      announce(t("progress_said", { percent: progress(now.progress) }));
    }
  }

  return { node, update, isStarting: () => false };
}

function makeStages(offered) {
  const items = STAGES.map((stage) => {
    const mark = element("span", { class: "stage-mark" });
    return { stage, mark, node: element("li", {}, element("span", {}, t(`stage_${stage}`)), mark) };
  });
  const node = element(
    "div",
    { class: "stages" },
    element("h3", {}, t("stages_title")),
    element(
      "ol",
      {},
      items.map((item) => item.node),
    ),
    element("p", { class: "quiet" }, t("stages_note")),
  );

  function update(current) {
    for (const item of items) {
      const isNow = item.stage === current;
      const isOff = !isNow && !offered().includes(item.stage);
      item.node.classList.toggle("now", isNow);
      item.node.classList.toggle("off", isOff);
      if (isNow) item.node.setAttribute("aria-current", "step");
      else item.node.removeAttribute("aria-current");
      setText(item.mark, isNow ? t("stage_now") : isOff ? t("stage_off") : "");
    }
  }

  return { node, update };
}

function makeFigures() {
  const values = {};
  const figure = (name) => {
    values[name] = element("dd");
    return element("div", {}, element("dt", {}, t(`figure_${name}`)), values[name]);
  };
  const names = ["documents", "failed", "chunks", "rate", "left"];
  const duplicates = figure("duplicates");
  const node = element("dl", { class: "figures" }, names.map(figure), duplicates);

  function update(job) {
    const unknown = t("figure_unknown");
    const total = job.documents_total;
    const documents = { done: job.documents_done, total };
    setText(values.documents, total === null ? number(job.documents_done) : t("figure_documents_of", documents));
    setText(values.failed, number(job.documents_failed));
    setText(values.chunks, number(job.chunks_stored));
    const keys = { second: "rate_second", minute: "rate_minute" };
    setText(values.rate, job.chunks_per_s ? rate(job.chunks_per_s, keys) : unknown);
    setText(values.left, job.seconds_left === null ? unknown : t("about", { duration: duration(job.seconds_left) }));
    setText(values.duplicates, number(job.duplicates));
    duplicates.hidden = job.duplicates === 0;
  }

  return { node, update };
}

function makeCancel(job, onCancelled) {
  const problem = element("p", { class: "problem", role: "alert" });
  const button = element("button", { type: "button", onclick: () => void press() }, t("cancel"));

  async function press() {
    button.disabled = true;
    setText(button, t("cancelling"));
    setText(problem, "");
    try {
      await cancel(job.job_id);
    } catch (error) {
      setText(problem, problemOf(error));
    }
    button.disabled = false;
    setText(button, t("cancel"));
    onCancelled();
  }

  return { button, problem };
}
