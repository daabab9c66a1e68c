// Numbers, sizes, times and durations as the reader writes them.

import { locale, t } from "./language.js";

const KB = 1024;
const SIZES = [
  ["gigabyte", KB ** 3],
  ["megabyte", KB ** 2],
  ["kilobyte", KB],
];

const unit = (value, name, digits, display = "short") =>
  new Intl.NumberFormat(locale(), {
    style: "unit",
    unit: name,
    unitDisplay: display,
    maximumFractionDigits: digits,
  }).format(value);

export const number = (value) => new Intl.NumberFormat(locale()).format(value);

/** `0.69` as `69%`. */
export const percent = (share) => new Intl.NumberFormat(locale(), { style: "percent" }).format(share);

/** Progress is rounded down, so that 100% is only said when all is done. */
export const progress = (share) => percent(Math.floor(share * 100 + 1e-9) / 100);

/** Bytes in the units of the kernel: 512 MB are 512 × 2^20 bytes. */
export function bytes(value) {
  const [name, size] = SIZES.find(([, one]) => value >= one) ?? ["byte", 1];
  const amount = value / size;
  return unit(amount, name, amount < 10 && size > KB ? 1 : 0, size === 1 ? "long" : "short");
}

/** How long something takes, as exactly as it is known. */
export function duration(seconds) {
  if (seconds < 8) return t("few_seconds");
  if (seconds < 55) return unit(Math.round(seconds / 5) * 5, "second", 0, "long");
  if (seconds < 5400) return unit(Math.max(1, Math.round(seconds / 60)), "minute", 0, "long");
  return unit(seconds / 3600, "hour", 1, "long");
}

/** A rate in the unit that gives a readable number. */
export function rate(perSecond, keys) {
  if (perSecond >= 10) return t(keys.second, { amount: Math.round(perSecond) });
  if (perSecond >= 1) return t(keys.second, { amount: Math.round(perSecond * 10) / 10 });
  return t(keys.minute, { amount: Math.round(perSecond * 60) });
}

export const dateTime = (value) =>
  new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(value));

export const clock = (value) => new Intl.DateTimeFormat(locale(), { timeStyle: "medium" }).format(new Date(value));
