// All imports, newest first, the interrupted ones on top with a button of their own, a page at a time.

import { jobs } from "./api.js";
import { element } from "./dom.js";
import { nameOf } from "./explain.js";
import { dateTime, progress } from "./format.js";
import { t } from "./language.js";
import { makeResume } from "./resume.js";

const PAGE = 20;
const EVERY_MS = 3_000;

/** The view of the list; the page's number stands in the address. */
export function makeList(app) {
  let state = { page: null, isStale: false };
  let timer = 0;
  let isStopped = false;
  const rows = new Map(); // by job: a row whose import did not change keeps its node, and so its focus
  const number = () => Math.max(1, Number(new URLSearchParams(location.search).get("page")) || 1);

  async function load() {
    clearTimeout(timer);
    const page = await jobs({ first: "interrupted", limit: PAGE, offset: (number() - 1) * PAGE }).catch(() => null);
    if (isStopped) return;
    state = { page: page ?? state.page, isStale: page === null };
    if (page && !page.jobs.length && page.total) return app.go(`/imports?page=${Math.ceil(page.total / PAGE)}`);
    draw();
    timer = setTimeout(() => void tick(), EVERY_MS);
  }

  function tick() {
    if (document.visibilityState === "visible") return load();
    timer = setTimeout(() => void tick(), EVERY_MS);
  }

  function draw() {
    const { page, isStale } = state;
    const node = element(
      "div",
      { class: "list" },
      element("h1", {}, t("list_title")),
      isStale && element("p", { class: "banner", role: "status" }, t("list_stale")),
      page ? content(page) : element("p", { class: "quiet" }, t("loading")),
    );
    app.show(node);
    app.setTitle(t("list_title"));
  }

  function content(page) {
    if (!page.total) return empty();
    const waiting = page.jobs.filter((job) => job.status === "interrupted");
    const others = page.jobs.filter((job) => job.status !== "interrupted");
    forget(page.jobs);
    return [
      waiting.length ? group("list_interrupted", waiting) : null,
      others.length ? group(waiting.length ? "list_others" : null, others) : null,
      page.total > PAGE ? pager(page) : null,
    ];
  }

  function group(title, members) {
    const list = element("ul", { class: "jobs" }, members.map(row));
    return title ? element("section", {}, element("h2", {}, t(title)), list) : list;
  }

  function row(job) {
    const told = JSON.stringify(job);
    const known = rows.get(job.job_id);
    if (known && (known.told === told || (known.resuming?.isStarting() && job.status === "interrupted")))
      return known.node;
    const resuming =
      job.status === "interrupted" && job.resumable
        ? makeResume(job, { className: "primary small", isNamed: true, onStarted: () => void load() })
        : null;
    resuming?.button.setAttribute("data-key", `resume-${job.job_id}`);
    const node = makeRow(job, resuming);
    rows.set(job.job_id, { told, node, resuming });
    return node;
  }

  function forget(present) {
    const ids = new Set(present.map((job) => job.job_id));
    for (const id of rows.keys()) if (!ids.has(id)) rows.delete(id);
  }

  return {
    draw: () => {
      draw();
      void load();
    },
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
    relabel: () => {
      rows.clear();
      draw();
    },
  };
}

function makeRow(job, resuming) {
  const href = `/imports/${job.job_id}`;
  return element(
    "li",
    {},
    element(
      "div",
      { class: "job-name" },
      element("a", { href, class: "name", "data-key": job.job_id }, nameOf(job)),
      element("p", { class: "quiet" }, dateTime(job.created_at)),
    ),
    element(
      "div",
      { class: "job-state" },
      element("p", { class: `badge badge-${job.status}` }, stateOf(job)),
      element("p", { class: "quiet" }, countsOf(job)),
    ),
    element("div", { class: "job-action" }, actionsOf(job, resuming)),
  );
}

function actionsOf(job, resuming) {
  if (resuming) return [resuming.button, resuming.problem];
  if (job.status !== "interrupted" || !job.source_gone) return [];
  const name = t("upload_again_of", { name: nameOf(job) });
  return [element("a", { class: "button small", href: `/?again=${job.job_id}`, "aria-label": name }, t("upload_again"))];
}

function stateOf(job) {
  const word = t(`status_${job.status}`);
  const isOnItsWay = job.status === "running" || job.status === "interrupted";
  return isOnItsWay ? `${word} · ${progress(job.progress)}` : word;
}

function countsOf(job) {
  if (job.documents_total === null) return "";
  const done = t("list_documents", { done: job.documents_done, count: job.documents_total });
  return job.documents_failed ? `${done} · ${t("list_failed", { count: job.documents_failed })}` : done;
}

function empty() {
  return element(
    "section",
    { class: "empty" },
    element("h2", {}, t("list_empty_title")),
    element("p", { class: "quiet" }, t("list_empty_text")),
    element("a", { class: "button primary", href: "/" }, t("nav_start")),
  );
}

function pager({ offset, jobs: shown, total }) {
  const page = offset / PAGE + 1;
  const range = t("list_range", { first: offset + 1, last: offset + shown.length, total });
  const step = (to, key) =>
    to >= 1 && (to - 1) * PAGE < total
      ? element("a", { class: "button small", href: `/imports?page=${to}`, "data-key": key }, t(key))
      : element("span", { class: "button small disabled", "aria-disabled": "true" }, t(key));
  return element(
    "nav",
    { class: "pager", "aria-label": t("list_pages") },
    step(page - 1, "list_previous"),
    element("span", { class: "quiet" }, range),
    step(page + 1, "list_next"),
  );
}
