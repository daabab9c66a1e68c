// Puts what the service knows into words: why an import stopped, what is safe, what a refusal means.

import { Refused, Unreachable } from "./api.js";
import { bytes, duration, percent } from "./format.js";
import { has, t } from "./language.js";

/** The name of an import: its first file, and how many more. */
export function nameOf(job) {
  const name = job.name ?? job.job_id;
  return job.files > 1 ? t("files_more", { name, count: job.files - 1 }) : name;
}

/** Why an import was interrupted: a headline, and a sentence of what is known. */
export function causeOf(job) {
  const code = has(`cause_${job.error?.code}`) ? job.error.code : "other";
  const values = {
    text: job.error?.text ?? "",
    limit: job.limit_bytes ? bytes(job.limit_bytes) : "",
    used: job.memory_bytes ? bytes(job.memory_bytes) : "",
    share: job.limit_bytes ? percent(job.memory_bytes / job.limit_bytes) : "",
  };
  const isFree = code === "killed_memory" && !job.limit_bytes;
  return { title: t(`cause_${code}`, values), text: t(`cause_${code}_${isFree ? "free" : "text"}`, values) };
}

/** What is stored, what is left and for how long, in sentences. */
export function safetyOf(job) {
  const done = job.documents_done;
  const failed = job.documents_failed ? [t("safe_failed", { count: job.documents_failed })] : [];
  if (job.documents_total === null) return [t("safe_uncounted", { count: done }), ...failed, t("safe_paid")].join(" ");
  return [t("safe_some", { done, count: job.documents_total }), ...failed, ...leftOf(job), t("safe_paid")].join(" ");
}

function leftOf(job) {
  const count = job.documents_total - job.documents_done - job.documents_failed;
  if (count <= 0) return [];
  if (job.seconds_left === null) return [t("safe_left", { count })];
  return [t("safe_left_time", { count, duration: duration(job.seconds_left) })];
}

/** What a next attempt does otherwise, after memory killed this one; nothing after any other end. */
export function differenceOf(job) {
  const code = job.error?.code;
  if (code === "memory") return neededMemory(job);
  if (code !== "killed_memory" && code !== "probably_memory") return undefined;
  if (job.window === 0) return t("next_window_unbounded");
  if (job.window === job.window_before) return t("next_window_least", { after: job.window });
  const values = { before: job.window_before, after: job.window };
  return t(job.window_halvings > 1 ? "next_window_again" : "next_window", values);
}

function neededMemory(job) {
  if (job.resumable) return t("next_memory_grown");
  return job.limit_bytes ? t("next_memory", { limit: bytes(job.limit_bytes) }) : t("next_memory_free");
}

/** Why a call did not work. */
export function problemOf(error) {
  if (error instanceof Unreachable) return t("unreachable");
  if (!(error instanceof Refused)) throw error;
  const status = String(error.status);
  if (has(`refused_${error.code}`)) return t("refused_with_status", { reason: t(`refused_${error.code}`), status });
  return error.message ? t("refused_with_status", { reason: error.message, status }) : t("refused_status", { status });
}
