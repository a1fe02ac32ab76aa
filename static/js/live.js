// Polls the live part of the page while somebody can see it, and says how old it is.
(() => {
  const POLL = 2000, STALE = 3 * POLL;
  const status = document.getElementById("live");
  if (!status) return;
  const button = document.getElementById("pause"), clock = status.querySelector("time");
  let answered = Date.now(), paused = false, focused = "";

  const isPoll = (event) => event.detail.ctx?.sourceElement.matches("[data-live]");

  function poll() {
    const region = document.querySelector("[data-live]");
    if (region && !paused && !document.hidden) htmx.trigger(region, "poll", {}, false);
  }

  function show() {
    const stale = !paused && !document.hidden && Date.now() - answered > STALE;
    status.dataset.state = paused ? "paused" : stale ? "stale" : "live";
  }

  function pause() {
    paused = !paused;
    button.setAttribute("aria-pressed", paused);
    button.textContent = paused ? "Resume" : "Pause";
    poll();
    show();
  }

  document.addEventListener("htmx:after:request", (event) => {
    if (!isPoll(event) || ![200, 304].includes(event.detail.ctx.response.status)) return;
    answered = Date.now();
    clock.dateTime = new Date(answered).toISOString();
    clock.textContent = new Date(answered).toLocaleTimeString([], { hourCycle: "h23" });
    show();
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
