// Says under the timeline what was measured where the pointer is; without it the page lacks nothing but that line.
(() => {
  const rows = JSON.parse(document.getElementById("samples").textContent);
  const readout = document.getElementById("readout");
  if (!rows.length || !readout) return;
  const atRest = readout.textContent;
  const mb = (count) => `${(count / 1024).toFixed(1)} MB`;
  const nearest = (t) => rows.reduce((best, row) => (Math.abs(row[0] - t) < Math.abs(best[0] - t) ? row : best));
  const say = ([t, anon, shmem, kernel, total]) => {
    const held = anon + shmem + kernel;
    readout.textContent = `${t.toFixed(2)} s: unreclaimable ${mb(held)} = anon ${mb(anon)} + shared ${mb(shmem)} ` +
      `+ kernel ${mb(kernel)}; reclaimable ${mb(total - held)}`;
  };
  for (const svg of document.querySelectorAll("svg.timeline")) {
    const cursor = svg.querySelector(".cursor");
    const [left, right, start, end] = ["left", "right", "start", "end"].map((name) => Number(svg.dataset[name]));
    svg.querySelector("title")?.remove(); // its tooltip would cover what the pointer shows
    svg.setAttribute("aria-label", "Memory of the service over time");
    svg.addEventListener("pointermove", (event) => {
      const x = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse()).x;
      const row = nearest(start + ((x - left) / (right - left)) * (end - start));
      const at = left + ((row[0] - start) / (end - start)) * (right - left);
      cursor.setAttribute("x1", at);
      cursor.setAttribute("x2", at);
      cursor.style.visibility = "visible";
      say(row);
    });
    svg.addEventListener("pointerleave", () => {
      cursor.style.visibility = "hidden";
      readout.textContent = atRest;
    });
  }
})();
