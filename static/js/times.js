// Spans and times of day stay true between redraws: in the browser's zone, by the server's clock.
(() => {
  const MINUTE = 60, HOUR = 3600, DAY = 86400;
  const FORMS = {
    minutes: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    seconds: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
    full: { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" },
    hours: { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  };
  // Made once each: a report has hundreds of hours.
  const FORMATS = Object.fromEntries(Object.entries(FORMS).map(([name, form]) => [name, new Intl.DateTimeFormat([], form)]));
  let ahead = 0;
  // Where one chooses a day, the server means this zone's (dashboard/web/core/timezones.py).
  document.cookie = `zone=${FORMATS.full.resolvedOptions().timeZone}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;

  // The same words as dashboard/web/core/formatting.py.
  function coarse(seconds) {
    const days = Math.floor(seconds / DAY), hours = Math.floor(seconds % DAY / HOUR), minutes = Math.floor(seconds % HOUR / MINUTE);
    if (days > 0) return hours && days < 10 ? `${days} d ${hours} h` : `${days} d`;
    if (hours > 0) return minutes ? `${hours} h ${minutes} min` : `${hours} h`;
    return minutes > 0 ? `${minutes} min` : "<1 min";
  }

  function write(time, text) {
    if (time.textContent !== text) time.textContent = text;
  }

  function paint() {
    const now = Date.now() + ahead;
    for (const time of document.querySelectorAll("time[data-since]"))
      write(time, coarse((now - Date.parse(time.dateTime)) / 1000));
    for (const time of document.querySelectorAll("time[data-due]")) {
      const left = (Date.parse(time.dateTime) - now) / 1000;
      time.toggleAttribute("data-late", left < 0);
      write(time, left < 0 ? `overdue ${coarse(-left)}` : `due in ${coarse(left)}`);
    }
    for (const time of document.querySelectorAll("time[data-clock]"))
      write(time, FORMATS[time.dataset.clock].format(new Date(time.dateTime)));
  }

  // A browser whose clock is wrong would show waits that never were.
  function set() {
    const drawn = document.querySelector("[data-as-of]");
    const off = drawn ? Date.parse(drawn.dataset.asOf) - Date.now() : 0;
    ahead = Math.abs(off) > 5000 ? off : 0;
    paint();
  }

  set();
  setInterval(paint, 5000);
  document.addEventListener("htmx:after:swap", set);
  document.addEventListener("pointerover", (event) => {
    const time = event.target.closest?.("time");
    if (time) time.title = FORMATS.full.format(new Date(time.dateTime));
  });
})();
