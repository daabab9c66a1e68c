// What an import stored so far, and a search over everything that was imported.

import { focusOn } from "./announce.js";
import { results, search } from "./api.js";
import { element, setText } from "./dom.js";
import { problemOf } from "./explain.js";
import { t } from "./language.js";

const PAGE = 10;
const MOST_FOUND = 10;

/** The section; `title` is the key of its headline. */
export function makeResults(job, title) {
  const heading = element("h2", { id: "results_title" }, t(title));
  const list = element("ul", { class: "documents" });
  const problem = element("p", { class: "problem", role: "alert" });
  const none = element("p", { class: "quiet", hidden: true });
  const more = element(
    "button",
    { type: "button", class: "quiet-button", hidden: true, onclick: () => void load() },
    t("more"),
  );
  const found = element("div", { class: "found", hidden: true });
  const documents = element("div", {}, list, none, more);
  const node = element(
    "section",
    { class: "card", "aria-labelledby": "results_title" },
    heading,
    makeSearch((query) => void find(query)),
    problem,
    found,
    documents,
  );

  async function load() {
    setText(problem, "");
    try {
      const page = await results(job.job_id, list.childElementCount, PAGE);
      list.append(...page.documents.map(documentRow));
      more.hidden = list.childElementCount >= page.total || page.documents.length === 0;
      none.hidden = list.childElementCount > 0;
      setText(none, t("results_none"));
    } catch (error) {
      setText(problem, problemOf(error));
      more.hidden = false;
    }
  }

  async function find(query) {
    setText(problem, "");
    try {
      const { results: hits } = await search(query, MOST_FOUND);
      showFound(query, hits);
    } catch (error) {
      setText(problem, `${t("search_error")} ${problemOf(error)}`);
    }
  }

  function showFound(query, hits) {
    const headline = element("h3", {}, t(hits.length ? "search_title" : "search_none", { query }));
    const back = element(
      "button",
      { type: "button", class: "quiet-button", onclick: showDocuments },
      t("search_clear"),
    );
    found.replaceChildren(headline, element("ol", { class: "documents" }, hits.map(hitRow)), back);
    found.hidden = false;
    documents.hidden = true;
    focusOn(headline);
  }

  function showDocuments() {
    found.hidden = true;
    documents.hidden = false;
    focusOn(heading);
  }

  void load();
  return { node, focus: () => focusOn(heading) };
}

function makeSearch(onSearch) {
  const input = element("input", {
    id: "search",
    type: "search",
    required: true,
    maxlength: 2000,
    autocomplete: "off",
  });
  const submit = (event) => {
    event.preventDefault();
    if (input.value.trim()) onSearch(input.value.trim());
  };
  return element(
    "form",
    { class: "search", role: "search", onsubmit: submit },
    element("label", { for: "search" }, t("search_label")),
    element("div", {}, input, element("button", { type: "submit" }, t("search_button"))),
  );
}

function documentRow({ name, title, chunks, outcome }) {
  const facts = [
    title && name,
    chunks === null ? null : t("results_chunks", { count: chunks }),
    outcome === "duplicate" && t("results_duplicate"),
  ];
  return element(
    "li",
    {},
    element("p", { class: "name" }, title || name),
    element("p", { class: "quiet name" }, line(facts)),
  );
}

function hitRow({ name, title, text }) {
  return element(
    "li",
    {},
    element("p", { class: "name" }, title || name),
    element("p", { class: "snippet" }, text),
    title ? element("p", { class: "quiet name" }, name) : null,
  );
}

const line = (facts) => facts.filter(Boolean).join(" · ");
