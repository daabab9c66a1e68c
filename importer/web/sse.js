// Reads server-sent events from the body of a fetch: EventSource cannot send a token.

/** Yield `{id, name, data}` of each event; `onBytes` hears of every piece, comments too. */
export async function* readEvents(body, onBytes) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    onBytes();
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = parse(block);
      if (event) yield event;
    }
  }
}

function parse(block) {
  const event = { id: "", name: "message", data: null };
  for (const line of block.split("\n")) {
    const [field, ...words] = line.split(":");
    const value = words.join(":").trimStart();
    if (field === "id") event.id = value;
    if (field === "event") event.name = value;
    if (field === "data") event.data = event.data === null ? value : `${event.data}\n${value}`;
  }
  return event.data === null ? undefined : event;
}
