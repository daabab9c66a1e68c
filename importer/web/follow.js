// Follows one import: by events where they come through, by polling where they do not, and through outages.

import { Refused, request, status } from "./api.js";
import { readEvents } from "./sse.js";

const SILENCE_MS = 12_000; // the service says something every 5 s
const ANSWER_MS = 6_000;
const POLL_MS = 2_000;
const POLLS = 15; // then events are tried again
const WAITS_MS = [500, 1_000, 2_000, 4_000];
const OVER = ["completed", "completed_with_errors", "failed", "cancelled"];

/** A browser has six connections to a service, for all tabs: one that is not looked at must not hold one open. */
const isShown = () => document.visibilityState === "visible";

/** Whether nothing more happens to an import by itself. */
export const isOver = (job) => OVER.includes(job.status);

/**
 * Tell `on.snapshot(job)`, `on.connection("live" | "polling" | "lost")` and `on.gone()` until `stop` is called or the
 * import is over; `nudge` makes it look now.
 */
export function follow(id, on) {
  const ending = new AbortController();
  let lastId = "";
  let wake = () => {};
  const nudge = () => wake();
  addEventListener("online", nudge, { signal: ending.signal });
  document.addEventListener("visibilitychange", nudge, { signal: ending.signal });
  void run();
  return {
    nudge,
    stop: () => {
      ending.abort();
      nudge();
    },
  };

  async function run() {
    let failures = 0;
    while (!ending.signal.aborted) {
      const wasTold = (isShown() && (await attempt(stream))) || (await attempt(poll));
      if (ending.signal.aborted) return;
      if (!wasTold) on.connection("lost");
      failures = wasTold ? 0 : failures + 1;
      await pause(WAITS_MS[Math.min(failures, WAITS_MS.length - 1)]);
    }
  }

  /** Listen in one way for as long as it works; whether it brought anything. */
  async function attempt(way) {
    let wasTold = false;
    const tell = (connection, job) => {
      wasTold = true;
      if (ending.signal.aborted) return;
      on.connection(connection);
      if (job) on.snapshot(job);
      if (job && isOver(job)) ending.abort();
    };
    try {
      if (!ending.signal.aborted) await way(tell);
    } catch (error) {
      if (error instanceof Refused && error.code === "unknown_job") {
        ending.abort();
        on.gone();
      }
    }
    return wasTold;
  }

  async function stream(tell) {
    const silence = new AbortController();
    const cut = () => silence.abort();
    addEventListener("offline", cut, { signal: silence.signal });
    document.addEventListener("visibilitychange", cut, { signal: silence.signal });
    let timer = setTimeout(cut, ANSWER_MS);
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(cut, SILENCE_MS);
    };
    try {
      const answer = await request(`/api/import/events/${encodeURIComponent(id)}`, {
        headers: { Accept: "text/event-stream", ...(lastId && { "Last-Event-ID": lastId }) },
        signal: AbortSignal.any([ending.signal, silence.signal]),
      });
      if (!answer.headers.get("Content-Type")?.startsWith("text/event-stream")) return;
      if (lastId) tell("live");
      for await (const event of readEvents(answer.body, alive)) {
        if (event.name !== "snapshot") continue;
        lastId = event.id;
        tell("live", JSON.parse(event.data));
      }
    } finally {
      clearTimeout(timer);
      silence.abort();
    }
  }

  async function poll(tell) {
    const wasShown = isShown();
    for (let polls = 0; polls < POLLS && !ending.signal.aborted && isShown() === wasShown; polls += 1) {
      tell("polling", await status(id, { signal: AbortSignal.timeout(ANSWER_MS) }));
      await pause(POLL_MS);
    }
  }

  function pause(ms) {
    return new Promise((resolve) => {
      wake = resolve;
      setTimeout(resolve, ms);
      if (ending.signal.aborted) resolve();
    });
  }
}
