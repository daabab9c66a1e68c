// Builds nodes. Text is always text: nothing on this page parses markup.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element; attributes that start with `on` are listeners, children are nodes or texts. */
export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function shape(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Change a text only when it differs, so that nobody's selection or screen reader is disturbed. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** An icon by the name of its path; decoration only. */
export function icon(name) {
  const paths = ICONS[name].map((d) => shape("path", { d }));
  return shape("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, paths);
}

const ICONS = {
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  pause: ["M8.5 5v14", "M15.5 5v14"],
  alert: ["M12 7.5v5.5", "M12 16.5v.01", "M12 3l9.5 17h-19z"],
  cross: ["M7 7l10 10", "M17 7L7 17"],
  upload: ["M12 16V5", "M7.5 9.5L12 5l4.5 4.5", "M5 19h14"],
  clock: ["M12 7v5l3.5 2", "M12 3a9 9 0 100 18 9 9 0 000-18z"],
};
