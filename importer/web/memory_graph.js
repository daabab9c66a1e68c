// Memory over time against the limit, with the line of the budget: drawn from what each heartbeat told.

import { memory } from "./api.js";
import { element, setText, shape } from "./dom.js";
import { bytes, clock, percent } from "./format.js";
import { t } from "./language.js";

const BUDGET = 0.65; // of the limit: where the memory of an import should stay
const HEIGHT = 168;
const TOP = 22;
const BOTTOM = 6;
const MOST_POINTS = 480;

/** The section of one import; `update(job)` adds its newest heartbeat. */
export function makeMemory(id) {
  const value = element("p", { class: "figure-value" });
  const note = element("p", { class: "quiet" });
  const picture = shape("svg", { class: "graph", role: "img", height: HEIGHT });
  const from = element("span");
  const to = element("span");
  const axis = element("p", { class: "axis quiet", "aria-hidden": "true" }, from, to);
  const node = element(
    "section",
    { class: "card", "aria-labelledby": "memory_title" },
    element("div", { class: "split" }, element("h2", { id: "memory_title" }, t("memory_title")), note),
    value,
    picture,
    axis,
  );
  const state = { samples: [], limit: null, beatAt: null, attempt: "" };
  const observer = new ResizeObserver(draw);
  observer.observe(picture);

  /** What was before the page was opened, thinned out by the service; an outage leaves what there is. */
  async function load() {
    const { samples } = await memory(id).catch(() => state);
    state.samples = samples;
    draw();
  }

  function update(job) {
    state.limit = job.limit_bytes;
    const isNew = job.memory_bytes !== null && job.beat_at !== state.beatAt;
    state.beatAt = job.beat_at;
    // A new attempt begins a new graph, with its first heartbeat.
    const attempt = `${job.epoch} ${job.status}`;
    if (attempt !== state.attempt || state.samples.length >= MOST_POINTS) void load();
    else if (isNew) state.samples = [...state.samples, [Date.parse(job.beat_at) / 1000, job.memory_bytes]];
    state.attempt = attempt;
    tell(job);
    draw();
  }

  function tell(job) {
    if (job.memory_bytes === null) {
      setText(value, t(job.beat_at === null ? "memory_none" : "memory_unknown"));
      return;
    }
    const used = bytes(job.memory_bytes);
    const limit = job.limit_bytes;
    setText(value, limit ? t("memory_of", { used, limit: bytes(limit) }) : t("memory_free", { used }));
    const isOver = limit !== null && job.memory_bytes > limit * BUDGET;
    const shares = limit && { share: percent(job.memory_bytes / limit), budget: percent(BUDGET) };
    setText(note, limit ? t(isOver ? "memory_share_over" : "memory_share", shares) : "");
    note.classList.toggle("over", isOver);
  }

  function draw() {
    const width = picture.clientWidth;
    const { samples, limit } = state;
    picture.toggleAttribute("hidden", samples.length === 0);
    axis.toggleAttribute("hidden", samples.length === 0);
    if (!width || !samples.length) return;
    const peak = Math.max(...samples.map(([, used]) => used));
    const top = Math.max(limit ?? 0, peak) * (limit ? 1 : 1.3);
    const y = (used) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - used / top);
    picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    picture.setAttribute("aria-label", described(samples.at(-1)[1], peak, limit));
    picture.replaceChildren(...curve(samples, width, y), ...(limit ? marks(limit, width, y, samples) : []));
    setText(from, clock(samples[0][0] * 1000));
    setText(to, clock(samples.at(-1)[0] * 1000));
  }

  return { node, update, stop: () => observer.disconnect() };
}

function curve(samples, width, y) {
  const begin = samples[0][0];
  const span = Math.max(samples.at(-1)[0] - begin, 1);
  const points = samples.map(([at, used]) => [((at - begin) / span) * (width - 6), y(used)]);
  const line = points.map(([x, height]) => `${x.toFixed(1)},${height.toFixed(1)}`);
  const [endX, endY] = points.at(-1);
  return [
    shape("path", { class: "graph-area", d: `M0,${HEIGHT} L${line.join(" L")} L${endX.toFixed(1)},${HEIGHT} Z` }),
    shape("polyline", { class: "graph-line", points: line.join(" ") }),
    shape("circle", { class: "graph-now", cx: endX.toFixed(1), cy: endY.toFixed(1), r: 4 }),
  ];
}

function marks(limit, width, y, samples) {
  const budget = limit * BUDGET;
  const text = t("memory_budget", { share: percent(BUDGET), amount: bytes(budget) });
  return [
    ...mark("limit", width, y(limit), t("memory_limit", { limit: bytes(limit) }), "start"),
    ...mark("budget", width, y(budget), text, freeSide(samples, y, y(budget))),
  ];
}

function mark(kind, width, height, text, side) {
  const place = { x: side === "start" ? 0 : width, y: height - 6, "text-anchor": side };
  return [
    shape("line", { class: `graph-${kind}`, x1: 0, x2: width, y1: height, y2: height }),
    shape("text", { class: `graph-text graph-text-${kind}`, ...place }, text),
  ];
}

/** The end of the line at which its text is least crossed by the curve. */
function freeSide(samples, y, height) {
  const half = Math.ceil(samples.length / 2);
  const crossings = (part) => part.filter(([, used]) => Math.abs(y(used) - (height - 9)) < 12).length;
  return crossings(samples.slice(0, half)) <= crossings(samples.slice(half)) ? "start" : "end";
}

function described(used, peak, limit) {
  const values = { used: bytes(used), peak: bytes(peak) };
  if (!limit) return t("memory_graph_free", values);
  return t("memory_graph", { ...values, limit: bytes(limit), budget: bytes(limit * BUDGET) });
}
