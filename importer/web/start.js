// Begins an import: what is accepted, the files that were chosen, and their upload.

import { announce } from "./announce.js";
import { Unreachable, jobs } from "./api.js";
import { element, icon, setText } from "./dom.js";
import { problemOf } from "./explain.js";
import { bytes, number } from "./format.js";
import { t } from "./language.js";
import { Stopped, upload } from "./upload.js";

const FORMATS = ["pdf", "jsonl", "csv", "text", "bibtex", "ris", "json", "zip"];
const AGAIN_MS = 3_000;

/** The view; `app.selection` keeps what was chosen while other pages are looked at. */
export function makeStart(app) {
  const state = { interrupted: 0, problem: "", sending: null, isLost: false };
  let isStopped = false;
  let timer = 0;

  async function load() {
    const known = await app.learn();
    const page = await jobs({ status: "interrupted", limit: 1 }).catch(() => null);
    state.interrupted = page?.total ?? state.interrupted;
    state.isLost = !known || !page;
    if (isStopped) return;
    if (!state.sending) draw();
    if (state.isLost) timer = setTimeout(() => void load(), AGAIN_MS);
  }

  function draw() {
    const again = new URLSearchParams(location.search).has("again");
    const node = element(
      "div",
      { class: "start" },
      element("h1", {}, t("start_title")),
      element("p", { class: "lead" }, t("start_lead")),
      state.isLost && lostBanner(),
      again && element("p", { class: "notice" }, t("start_again")),
      state.interrupted > 0 && interruptedNote(state.interrupted),
      state.sending ? state.sending.node : chooser(),
    );
    app.show(node);
    app.setTitle(t("start_title"));
  }

  function chooser() {
    const chosen = judged(app.selection, app.limits);
    const good = chosen.filter((one) => !one.refusal).map((one) => one.file);
    const problem = element("p", { class: "problem", role: "alert" }, state.problem);
    const start = element(
      "button",
      { type: "button", class: "primary large", onclick: () => void send(good) },
      t("start_button"),
    );
    start.disabled = good.length === 0;
    return element(
      "div",
      {},
      dropZone(app.selection.length > 0, add),
      chosen.length ? chosenList(chosen, good, remove) : null,
      problem,
      chosen.length ? element("div", { class: "actions" }, start) : null,
      app.limits ? accepted(app.limits) : null,
    );
  }

  function add(files) {
    const known = new Set(app.selection.map(keyOf));
    app.selection = [...app.selection, ...files.filter((file) => !known.has(keyOf(file)))];
    state.problem = "";
    draw();
    const refused = judged(app.selection, app.limits).find((one) => one.refusal);
    if (refused) announce(`${refused.file.name}: ${refused.refusal}`);
    document.getElementById("files").focus();
  }

  function remove(file) {
    app.selection = app.selection.filter((one) => one !== file);
    draw();
    document.getElementById("files").focus();
  }

  async function send(files) {
    const stopping = new AbortController();
    state.sending = makeSending(files, () => stopping.abort());
    state.problem = "";
    addEventListener("beforeunload", warn, { signal: stopping.signal });
    draw();
    state.sending.focus();
    try {
      const id = await upload(files, state.sending.update, stopping.signal);
      app.selection = [];
      state.sending = null;
      if (isStopped) return;
      app.go(`/imports/${id}`);
    } catch (error) {
      state.sending = null;
      state.problem = failureOf(error);
      if (!isStopped) draw();
    } finally {
      stopping.abort();
    }
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
      state.sending?.relabel();
      draw();
    },
  };
}

function lostBanner() {
  const spinner = element("span", { class: "spinner", "aria-hidden": "true" });
  return element("div", { class: "banner", role: "status" }, spinner, element("strong", {}, t("connection_lost")));
}

const warn = (event) => event.preventDefault();
const keyOf = (file) => `${file.name} ${file.size} ${file.lastModified}`;

function failureOf(error) {
  if (error instanceof Stopped) return t("upload_stopped");
  if (error instanceof Unreachable) return t("upload_broken");
  return t("upload_refused", { reason: problemOf(error) });
}

function interruptedNote(count) {
  return element(
    "p",
    { class: "notice warn" },
    icon("pause"),
    element(
      "span",
      {},
      t("start_interrupted", { count }),
      " ",
      element("a", { href: "/imports" }, t("start_interrupted_link", { count })),
    ),
  );
}

/** Each file with the reason why it is not uploaded, where there is one. */
function judged(files, known) {
  let taken = 0;
  return files.map((file) => {
    const refusal = file.isFolder ? t("refused_folder") : known ? refusalOf(file, taken, known) : "";
    if (!refusal) taken += 1;
    return { file, refusal };
  });
}

function refusalOf(file, taken, known) {
  if (file.size > known.file_max_bytes) {
    return t("refused_large", { size: bytes(file.size), limit: bytes(known.file_max_bytes) });
  }
  return taken >= known.max_files ? t("refused_many", { count: known.max_files }) : "";
}

function dropZone(hasFiles, add) {
  const input = element("input", { type: "file", id: "files", class: "unseen", multiple: true });
  input.addEventListener("change", () => add([...input.files]));
  const zone = element(
    "div",
    { class: hasFiles ? "drop small" : "drop" },
    icon("upload"),
    element("p", { class: "drop-title" }, t("drop_title")),
    element("p", { class: "quiet" }, t("drop_or")),
    input,
    element("label", { for: "files", class: "button" }, t(hasFiles ? "drop_more" : "drop_choose")),
  );
  const over = (value) => (event) => {
    event.preventDefault();
    zone.classList.toggle("over", value);
  };
  zone.addEventListener("dragover", over(true));
  zone.addEventListener("dragleave", over(false));
  zone.addEventListener("drop", (event) => {
    over(false)(event);
    add(dropped(event.dataTransfer));
  });
  return zone;
}

/** What was dropped; a folder comes as something that has a name and cannot be read. */
function dropped(transfer) {
  const folders = [...transfer.items].filter((item) => item.webkitGetAsEntry?.()?.isDirectory);
  const names = new Set(folders.map((item) => item.webkitGetAsEntry().name));
  const files = [...transfer.files].filter((file) => !names.has(file.name));
  return [...files, ...[...names].map((name) => ({ name, size: 0, lastModified: 0, isFolder: true }))];
}

function chosenList(chosen, good, remove) {
  const size = bytes(good.reduce((sum, file) => sum + file.size, 0));
  return element(
    "section",
    { class: "card", "aria-labelledby": "chosen_title" },
    element("h2", { id: "chosen_title" }, t("chosen_title", { count: good.length, size })),
    element(
      "ul",
      { class: "chosen" },
      chosen.map((one) => chosenRow(one, remove)),
    ),
  );
}

function chosenRow({ file, refusal }, remove) {
  const name = t("chosen_remove", { name: file.name });
  return element(
    "li",
    { class: refusal ? "refused" : null },
    element(
      "div",
      {},
      element("p", { class: "name" }, file.name),
      refusal ? element("p", { class: "problem" }, refusal) : element("p", { class: "quiet" }, bytes(file.size)),
    ),
    element(
      "button",
      { type: "button", class: "icon-button", "aria-label": name, onclick: () => remove(file) },
      icon("cross"),
    ),
  );
}

function accepted(known) {
  const named = FORMATS.map((name) => known.formats.find((one) => one.name === name)).filter(Boolean);
  const values = { count: known.max_files, size: bytes(known.file_max_bytes), pages: number(known.pdf_max_pages) };
  return element(
    "section",
    { class: "accepted", "aria-labelledby": "accepted_title" },
    element("h2", { id: "accepted_title" }, t("accepted")),
    element(
      "ul",
      {},
      named.map((one) => acceptedRow(one)),
    ),
    element("p", { class: "quiet" }, t("accepted_limits", values)),
  );
}

function acceptedRow({ name, suffixes }) {
  const endings = suffixes.map((suffix) => `.${suffix}`).join(" ");
  return element("li", {}, element("span", {}, t(`format_${name}`)), element("span", { class: "quiet" }, endings));
}

/** The upload under way. */
function makeSending(files, onStop) {
  const title = element("h2", { id: "sending_title" });
  const bar = element("progress", { max: 1, value: 0 });
  const sentence = element("p", { class: "quiet", role: "status" });
  const stop = element("button", { type: "button", onclick: onStop });
  const node = element(
    "section",
    { class: "card", "aria-labelledby": "sending_title" },
    title,
    element("p", { class: "quiet name" }, files.map((file) => file.name).join(", ")),
    bar,
    sentence,
    element("div", { class: "actions" }, stop),
  );
  let [sent, total] = [0, files.reduce((sum, file) => sum + file.size, 0)];

  function update(nowSent, nowTotal) {
    [sent, total] = [nowSent, nowTotal];
    bar.value = total ? sent / total : 1;
    const isSent = sent >= total;
    setText(sentence, isSent ? t("upload_storing") : t("upload_sent", { sent: bytes(sent), total: bytes(total) }));
  }

  function relabel() {
    setText(title, t("upload_title"));
    setText(stop, t("upload_stop"));
    bar.setAttribute("aria-label", t("upload_progress"));
    update(sent, total);
  }

  relabel();
  return { node, update, relabel, focus: () => stop.focus() };
}
