// The service's token: asked for once, kept for the session of this tab.

import { element, setText } from "./dom.js";
import { t } from "./language.js";

const KEY = "importer.token";
const PROBE = "/api/import/jobs?limit=1";
let asking = null;
let kept = stored();

export const token = () => kept;

function stored() {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return ""; // storage is switched off: then it is kept until the page is left
  }
}

function keep(value) {
  kept = value;
  try {
    sessionStorage.setItem(KEY, value);
  } catch {
    // see above
  }
}

/** The header that a request needs; nothing where no token is known. */
export const credentials = (value = token()) => (value ? { Authorization: `Bearer ${value}` } : {});

/** Get another token than `refused`, from whoever sits there; several requests wait for one answer. */
export function renew(refused) {
  if (token() !== refused) return Promise.resolve();
  asking ??= ask(refused ? "token_expired" : "token_needed").finally(() => (asking = null));
  return asking;
}

function ask(reason) {
  keep("");
  return new Promise((resolve) => {
    const dialog = makeDialog(reason, (value) => {
      keep(value);
      dialog.close();
      dialog.remove();
      resolve();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

function makeDialog(reason, accept) {
  const input = element("input", { id: "token", type: "password", autocomplete: "off", required: true });
  const problem = element("p", { class: "problem", role: "alert" });
  const button = element("button", { class: "primary", type: "submit" }, t("token_use"));
  const form = element(
    "form",
    { onsubmit: (event) => void submit(event) },
    element("h2", { id: "token_title" }, t("token_title")),
    element("p", {}, t(reason)),
    element("label", { for: "token" }, t("token_label")),
    input,
    problem,
    button,
  );

  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    const refusal = await probe(input.value.trim());
    button.disabled = false;
    if (!refusal) return accept(input.value.trim());
    setText(problem, t(refusal));
    input.select();
  }

  // Without the token nothing on the page works, so Escape does not close it.
  return element("dialog", { "aria-labelledby": "token_title", oncancel: (event) => event.preventDefault() }, form);
}

/** Try a token; the key of what is wrong, or nothing. */
async function probe(value) {
  // A header takes visible ASCII only; a token with anything else was never set.
  if (!/^[\x21-\x7e]+$/.test(value)) return "token_wrong";
  try {
    const answer = await fetch(PROBE, { headers: credentials(value), cache: "no-store" });
    return answer.status === 401 ? "token_wrong" : undefined;
  } catch {
    return "unreachable";
  }
}
