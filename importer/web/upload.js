// Uploads files with progress, which fetch does not tell.

import { Unreachable, refusal } from "./api.js";
import { credentials, renew, token } from "./token.js";

/** The person stopped the upload. */
export class Stopped extends Error {}

/** Upload files and return the import's id; `onProgress(sent, total)` is told bytes, `signal` stops it. */
export async function upload(files, onProgress, signal) {
  for (;;) {
    const used = token();
    const { status, body } = await send(files, credentials(used), onProgress, signal);
    if (status === 202) return JSON.parse(body).job_id;
    if (status !== 401) throw refusal(status, body);
    await renew(used);
  }
}

function send(files, headers, onProgress, signal) {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  const call = new XMLHttpRequest();
  call.open("POST", "/api/import");
  for (const [name, value] of Object.entries(headers)) call.setRequestHeader(name, value);
  return new Promise((resolve, reject) => {
    call.upload.addEventListener("progress", (event) => onProgress(event.loaded, event.total));
    call.addEventListener("load", () => resolve({ status: call.status, body: call.responseText }));
    call.addEventListener("error", () => reject(new Unreachable("the connection broke")));
    call.addEventListener("abort", () => reject(new Stopped()));
    signal.addEventListener("abort", () => call.abort());
    call.send(form);
  });
}
