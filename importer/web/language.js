// Which language the page speaks, and its sentences.

import { en } from "./words_en.js";
import { ko } from "./words_ko.js";

const WORDS = { en, ko };
const KEY = "importer.language";
export const LANGUAGES = { en: "English", ko: "한국어" };

let current = remembered() ?? preferred();

function remembered() {
  try {
    const code = localStorage.getItem(KEY);
    return code in WORDS ? code : undefined;
  } catch {
    return undefined; // storage is switched off
  }
}

function preferred() {
  const codes = (navigator.languages ?? [navigator.language]).map((one) => one.split("-")[0]);
  return codes.find((code) => code in WORDS) ?? "en";
}

export const language = () => current;

/** Speak another language, and remember it. */
export function choose(code) {
  current = code;
  try {
    localStorage.setItem(KEY, code);
  } catch {
    // then only until the page is left
  }
}

/** The locale for numbers and dates: the browser's own variant of the language where there is one. */
export function locale() {
  return (navigator.languages ?? []).find((one) => one.split("-")[0] === current) ?? current;
}

/** The sentence `key` with `{name}` filled in; `count` chooses the plural. */
export function t(key, values = {}) {
  const words = WORDS[current][key];
  const text = typeof words === "object" ? (words[plural(values.count)] ?? words.other) : words;
  return text.replace(/\{(\w+)\}/g, (_, name) => shown(values[name]));
}

/** Whether there is such a sentence: reasons and codes of the service may be newer than the page. */
export const has = (key) => key in WORDS[current];

const plural = (count) => new Intl.PluralRules(locale()).select(count);
const shown = (value) => (typeof value === "number" ? new Intl.NumberFormat(locale()).format(value) : value);
