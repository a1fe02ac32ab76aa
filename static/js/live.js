// Polls the live part of the page while somebody can see it, and says how old it is.
(() => {
  const POLL = 2000, STALE = 3 * POLL;
  const status = document.getElementById("live");
  if (!status) return;
  const button = document.getElementById("pause"), clock = status.querySelector("time");
  let answered = Date.now(), asking = false, paused = false, focused = "";

  const isPoll = (event) => event.detail.ctx?.sourceElement.matches("[data-live]");

  function poll() {
    const region = document.querySelector("[data-live]");
    if (region && !paused && !asking && !document.hidden) htmx.trigger(region, "poll", {}, false);
  }

  function show() {
    const stale = !paused && !document.hidden && Date.now() - answered > STALE;
    status.dataset.state = paused ? "paused" : stale ? "stale" : "live";
  }

  function tell(at) {
    clock.dateTime = new Date(at).toISOString();
    clock.textContent = new Date(at).toLocaleTimeString([], { hourCycle: "h23" });
  }

  function pause() {
    paused = !paused;
    button.setAttribute("aria-pressed", paused);
    button.textContent = paused ? "Resume" : "Pause";
    poll();
    show();
  }

  // Who has changed something asks for what is true now; who only looks gets what was drawn a moment ago for all.
  document.addEventListener("htmx:config:request", (event) => {
    const { request, sourceEvent } = event.detail.ctx;
    if (isPoll(event) && sourceEvent.type === "redraw") request.headers["HX-PTag"] = "none";
  });
  document.addEventListener("htmx:before:request", (event) => { asking ||= isPoll(event); });
  document.addEventListener("htmx:finally:request", (event) => { asking &&= !isPoll(event); });

  document.addEventListener("htmx:after:request", (event) => {
    if (!isPoll(event) || ![200, 304].includes(event.detail.ctx.response.status)) return;
    answered = Date.now();
    if (event.detail.ctx.response.status === 304) tell(answered);
    show();
  });
  // What came may have been drawn a moment ago.
  document.addEventListener("htmx:after:swap", (event) => {
    if (isPoll(event)) tell(document.querySelector("[data-live]").dataset.asOf);
  });

  // Where a browser cannot move an element without taking its focus away, it is given back.
  document.addEventListener("htmx:before:swap", () => { focused = document.activeElement?.id; });
  document.addEventListener("htmx:after:swap", () => {
    if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus({ preventScroll: true });
  });

  button.hidden = false;
  button.addEventListener("click", pause);
  document.addEventListener("visibilitychange", poll);
  setInterval(poll, POLL);
  setInterval(show, 1000);
})();
