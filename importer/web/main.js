// Shows the page that the address names, its header, and the language that was chosen.

import { announce, focusOn } from "./announce.js";
import { limits } from "./api.js";
import { element } from "./dom.js";
import { makeImport } from "./import.js";
import { LANGUAGES, choose, language, t } from "./language.js";
import { makeList } from "./list.js";
import { makeStart } from "./start.js";

const ALL_STAGES = ["read", "chunk", "embed", "extract", "store", "index"];
const main = document.getElementById("main");
let view = null;

/** What views share: the selection of files and the limits of the service outlive them. */
const app = {
  selection: [],
  limits: null,
  learn,
  stages: () => app.limits?.stages ?? ALL_STAGES,
  show,
  setTitle: (text) => (document.title = text === t("app") ? text : `${text} · ${t("app")}`),
  go,
  deleted: () => {
    go("/imports");
    announce(t("deleted"));
  },
};

/** Show another content; whoever was on something that is there again stays on it. */
function show(node) {
  const focused = main.contains(document.activeElement) ? placeOf(document.activeElement) : null;
  main.replaceChildren(node);
  const again = focused && main.querySelector(focused);
  if (again?.matches("h1, h2")) focusOn(again);
  else again?.focus();
}

function placeOf({ id, dataset, tagName }) {
  if (id) return `#${id}`;
  return dataset.key ? `[data-key="${dataset.key}"]` : tagName === "H1" ? "h1" : null;
}

/** Ask for the limits until they are known; nothing is thrown. */
let learning = null;
function learn() {
  learning ??= limits()
    .then((known) => (app.limits = known))
    .catch(() => (learning = null));
  return learning;
}

function route() {
  const id = location.pathname.match(/^\/imports\/([^/]+)$/)?.[1];
  if (id) return makeImport(app, decodeURIComponent(id));
  return location.pathname === "/imports" ? makeList(app) : makeStart(app);
}

function open() {
  view?.stop();
  drawHeader();
  main.replaceChildren();
  view = route();
  view.draw();
}

/** Go to another page of ours, as a link does. */
function go(address) {
  history.pushState(null, "", address);
  open();
  focusOn(main.querySelector("h1") ?? main);
  scrollTo(0, 0);
}

function drawHeader() {
  document.documentElement.lang = language();
  const link = (href, key, isHere) => element("a", { href, "aria-current": isHere ? "page" : null }, t(key));
  const path = location.pathname;
  document
    .getElementById("top")
    .replaceChildren(
      element("a", { class: "skip", href: "#main", onclick: skip }, t("skip")),
      element(
        "div",
        {},
        element(
          "a",
          { class: "brand", href: "/" },
          element("img", { src: "/web/icon.svg", alt: "", width: 24, height: 24 }),
          element("span", {}, t("app")),
        ),
        element(
          "nav",
          { "aria-label": t("nav_label") },
          link("/", "nav_start", path === "/"),
          link("/imports", "nav_list", path === "/imports"),
        ),
        element(
          "div",
          { class: "languages", role: "group", "aria-label": t("language_label") },
          Object.entries(LANGUAGES).map(languageButton),
        ),
      ),
    );
}

function skip(event) {
  event.preventDefault(); // the address stays that of the page
  main.focus();
}

function languageButton([code, name]) {
  const pressed = String(code === language());
  return element(
    "button",
    { type: "button", lang: code, "aria-pressed": pressed, "data-language": code, onclick: () => speak(code) },
    name,
  );
}

function speak(code) {
  choose(code);
  drawHeader();
  (view.relabel ?? view.draw)();
  document.querySelector(`[data-language="${code}"]`).focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href^='/']");
  if (
    !link ||
    event.defaultPrevented ||
    event.button ||
    event.metaKey ||
    event.ctrlKey ||
    event.shiftKey ||
    event.altKey
  )
    return;
  event.preventDefault();
  go(link.getAttribute("href"));
});
addEventListener("popstate", open);
// A file that misses the drop zone must not replace the page.
for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());

main.tabIndex = -1;
open();
void learn();
