// One import on a page of its own, from its first byte to its last: the panel changes with its state.

import { announce, focusOn } from "./announce.js";
import { status } from "./api.js";
import { element, setText } from "./dom.js";
import { makeEnded } from "./ended.js";
import { causeOf, nameOf } from "./explain.js";
import { makeFailures } from "./failures.js";
import { follow, isOver } from "./follow.js";
import { bytes, clock, dateTime, progress } from "./format.js";
import { makeInterrupted } from "./interrupted.js";
import { t } from "./language.js";
import { makeMemory } from "./memory_graph.js";
import { makeRemoval } from "./removal.js";
import { makeResults } from "./results.js";
import { makeRunning } from "./running.js";

const LOOK_AGAIN_MS = 4_000;

/** The view of one import; `draw` builds it anew (in another language), `stop` ends it. */
export function makeImport(app, id) {
  const state = { job: null, connection: "live", heardAt: Date.now(), isShowing: false, isGone: false };
  let parts = null;
  let following = null;
  const returning = new AbortController();

  function listen() {
    following = follow(id, { snapshot: onSnapshot, connection: onConnection, gone: onGone });
  }

  function onSnapshot(job) {
    const before = state.job;
    state.job = job;
    if (!parts || kindOf(before) !== kindOf(job)) draw();
    if (before && before.status !== job.status) announce(`${t(`status_${job.status}`)}. ${headline(job)}`);
    parts.update(job);
  }

  function onConnection(connection) {
    if (connection !== "lost") state.heardAt = Date.now();
    const wasLost = state.connection === "lost";
    state.connection = connection;
    if (wasLost !== (connection === "lost")) announce(t(wasLost ? "connection_back" : "connection_lost"));
    if (parts) parts.showConnection();
    else if (connection === "lost") draw();
  }

  function onGone() {
    state.isGone = true;
    draw();
  }

  /** An import that is over sends no more events; another tab may have resumed it, or its limit may have grown. */
  async function lookAgain() {
    if (document.visibilityState !== "visible" || !state.job || !isOver(state.job) || state.isGone) return;
    const job = await status(id).catch(() => null);
    if (job && kindOf(job) !== kindOf(state.job)) restart();
  }

  function restart() {
    following.stop();
    listen();
  }

  function draw() {
    // A button that is disabled while it works has lost the focus to nobody.
    const focused = document.activeElement;
    const hadFocus = parts?.panel.contains(focused) || (focused === document.body && parts?.isStarting());
    parts?.stop();
    parts = state.isGone || !state.job ? null : build();
    app.show(parts?.node ?? (state.isGone ? missing() : waiting(state)));
    app.setTitle(state.job && !state.isGone ? titleOf(state.job) : t("app"));
    if (hadFocus && parts) focusOn(parts.panel.querySelector("h2"));
  }

  function build() {
    const { job } = state;
    const partial = makePartial();
    const panel = makePanel(job, partial.button);
    const graph = makeMemory(id);
    const banner = makeBanner(state);
    const facts = element("p", { class: "quiet" });
    const failed = job.documents_failed && kindOf(job) !== "running" ? makeFailures(job) : null;
    const shown = isComplete(job) && job.documents_done ? makeResults(job, "results_title") : null;
    const node = element(
      "article",
      { class: "import" },
      element("div", { class: "headline" }, element("h1", { class: "name" }, nameOf(job)), facts),
      banner.node,
      panel.node,
      partial.place,
      failed?.node,
      shown?.node,
      graph.node,
      kindOf(job) === "running"
        ? null
        : element(
            "div",
            { class: "foot" },
            makeRemoval(job, () => app.deleted()),
          ),
    );

    function update(now) {
      setText(facts, factsOf(now));
      panel.update(now);
      graph.update(now);
      showConnection();
      app.setTitle(titleOf(now));
    }

    function showConnection() {
      banner.update();
      panel.node.classList.toggle("stale", state.connection === "lost");
    }

    update(job);
    partial.restore();
    const stop = () => (graph.stop(), panel.stop?.());
    return { node, panel: panel.node, isStarting: panel.isStarting, update, showConnection, stop };
  }

  function makePanel(job, partial) {
    if (kindOf(job) === "running") return makeRunning(job, { stages: app.stages, onCancelled: soon });
    const make = job.status === "interrupted" ? makeInterrupted : makeEnded;
    return make(job, { partial, onStarted: soon });
  }

  /** After a press of a button the new state is looked for at once. */
  function soon() {
    if (isOver(state.job)) restart();
    else following.nudge();
  }

  function makePartial() {
    const place = element("div", { id: "partial" });
    const button = element("button", {
      type: "button",
      "aria-controls": "partial",
      onclick: () => show(!state.isShowing),
    });
    const show = (value, isRestored = false) => {
      state.isShowing = value;
      button.setAttribute("aria-expanded", String(value));
      setText(button, t(value ? "hide_partial" : "show_partial"));
      const results = value ? makeResults(state.job, "results_partial_title") : null;
      place.replaceChildren(...(results ? [results.node] : []));
      if (results && !isRestored) results.focus();
    };
    const restore = () => show(state.isShowing && kindOf(state.job) !== "running" && !isComplete(state.job), true);
    return { place, button, restore };
  }

  const looking = setInterval(() => void (state.job && !isComplete(state.job) && lookAgain()), LOOK_AGAIN_MS);
  addEventListener("focus", lookAgain, { signal: returning.signal });
  document.addEventListener("visibilitychange", lookAgain, { signal: returning.signal });
  return {
    draw: () => {
      draw();
      if (!following) listen();
    },
    stop: () => {
      following?.stop();
      clearInterval(looking);
      returning.abort();
      parts?.stop();
    },
  };
}

const isComplete = (job) => job.status.startsWith("completed");

/** What decides the panel: within one kind it is brought up to date in place. */
function kindOf(job) {
  if (!job) return "none";
  if (job.status === "queued" || job.status === "running") return "running";
  return [job.status, job.epoch, job.error?.code, job.resumable, job.source_gone].join();
}

function headline(job) {
  return job.status === "interrupted" ? causeOf(job).title : nameOf(job);
}

function titleOf(job) {
  const state = job.status === "running" ? progress(job.progress) : t(`status_${job.status}`);
  return `${state} · ${nameOf(job)}`;
}

function factsOf(job) {
  const facts = [
    t("meta_files", { count: job.files, size: bytes(job.upload_bytes) }),
    t("meta_created", { date: dateTime(job.created_at) }),
    job.attempt > 1 && t("meta_attempt", { count: job.attempt }),
  ];
  return facts.filter(Boolean).join(" · ");
}

function makeBanner(state) {
  const since = element("span");
  const node = element("div", { class: "banner" });
  const text = [
    element("span", { class: "spinner", "aria-hidden": "true" }),
    element("strong", {}, t("connection_lost")),
    since,
  ];

  function update() {
    const isLost = state.connection === "lost";
    setText(since, t("connection_since", { time: clock(state.heardAt) }));
    if (isLost === node.childElementCount > 0) return;
    node.replaceChildren(...(isLost ? text : []));
  }

  return { node, update };
}

function waiting(state) {
  const isLost = state.connection === "lost";
  return element(
    "p",
    { class: isLost ? "banner" : "quiet" },
    t(isLost ? "connection_lost" : "loading"),
  );
}

function missing() {
  return element(
    "section",
    { class: "empty" },
    element("h1", {}, t("not_found_title")),
    element("p", { class: "quiet" }, t("not_found_text")),
    element("a", { class: "button", href: "/imports" }, t("to_list")),
  );
}
