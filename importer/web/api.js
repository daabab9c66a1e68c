// Calls of the HTTP API: JSON in, JSON out, errors as objects, the token where one is needed.

import { credentials, renew, token } from "./token.js";

const TIMEOUT_MS = 20_000;

/** The service answered with an error: HTTP status, machine-readable code, its own sentence. */
export class Refused extends Error {
  constructor(status, code, text) {
    super(text);
    this.status = status;
    this.code = code;
  }
}

/** No answer came. */
export class Unreachable extends Error {}

/** The answer to a request, with a good status; asks for the token as often as it is needed. */
export async function request(path, { method = "GET", headers = {}, signal } = {}) {
  for (;;) {
    const used = token();
    const answer = await send(path, {
      method,
      headers: { ...headers, ...credentials(used) },
      signal: signal ?? AbortSignal.timeout(TIMEOUT_MS),
      cache: "no-store",
    });
    if (answer.ok) return answer;
    if (answer.status !== 401) throw refusal(answer.status, await answer.text());
    await renew(used);
  }
}

async function send(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    throw new Unreachable(error.message);
  }
}

/** What an answer with a bad status says; a proxy may have answered with something else than JSON. */
export function refusal(status, body) {
  try {
    const { code, text } = JSON.parse(body).error;
    return new Refused(status, code, text);
  } catch {
    return new Refused(status, "", "");
  }
}

export const read = async (path, options) => (await request(path, options)).json();

const part = encodeURIComponent;
export const status = (id, options) => read(`/api/import/status/${part(id)}`, options);
export const limits = () => read("/api/import/limits");
export const jobs = (query) => read(`/api/import/jobs?${new URLSearchParams(query)}`);
export const memory = (id) => read(`/api/import/memory/${part(id)}`);
export const results = (id, offset, limit) => read(`/api/import/results/${part(id)}?offset=${offset}&limit=${limit}`);
export const failures = (id, offset, limit) => read(`/api/import/errors/${part(id)}?offset=${offset}&limit=${limit}`);
export const failuresCsv = async (id) => (await request(`/api/import/errors/${part(id)}/csv`)).blob();
export const search = (text, limit) => read(`/api/search?${new URLSearchParams({ q: text, limit })}`);
export const resume = (id) => read(`/api/import/resume/${part(id)}`, { method: "POST" });
export const cancel = (id) => read(`/api/import/cancel/${part(id)}`, { method: "POST" });
export const remove = (id) => read(`/api/import/${part(id)}`, { method: "DELETE" });
export const health = () => read("/health");
