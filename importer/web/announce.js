// Tells screen readers what changed by itself.

import { setText } from "./dom.js";

/** Say one sentence politely. */
export function announce(text) {
  setText(document.getElementById("announcer"), text);
}

/** Move the focus to a heading that came into view; it is not a tab stop otherwise. */
export function focusOn(node) {
  node.setAttribute("tabindex", "-1");
  node.focus({ preventScroll: false });
}
