// Draws each plot from the table that it names: what is drawn is what stands there.
(() => {
  const HOUR = 3600, MONTH_OF_HOURS = 400;
  const WAITS = [1, 10, 60, 600, 3600, 36000, 86400, 864000];
  const local = (options) => new Intl.DateTimeFormat([], { hourCycle: "h23", ...options });
  const NAMES = {
    hour: local({ hour: "2-digit", minute: "2-digit" }),
    day: local({ day: "numeric", month: "short" }),
    at: local({ weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }),
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let drawn = [];

  const isFine = ({ times }) => times.length >= MONTH_OF_HOURS;
  const log = (seconds) => (seconds === null ? null : Math.log10(Math.max(seconds, 1)));
  const spoken = (seconds) => seconds < 60 ? `${seconds} s` : seconds < 3600 ? `${seconds / 60} min` : seconds < 86400 ? `${seconds / 3600} h` : `${seconds / 86400} d`;

  // The table has the newest hour first, and the one under way, which would look like an end unless it is all there is.
  function read(figure) {
    const table = document.getElementById(figure.dataset.table);
    const columns = [...table.tHead.rows[0].cells].filter((cell) => cell.dataset.plot === figure.dataset.plot);
    const all = [...table.tBodies[0].rows].reverse(), ended = all.filter((row) => !("underWay" in row.dataset));
    const rows = ended.some((row) => number(row.cells[1])) ? ended : all;
    return {
      times: rows.map((row) => Date.parse(row.querySelector("time").dateTime) / 1000),
      series: columns.map((head) => ({
        name: head.textContent,
        cells: rows.map((row) => row.cells[head.cellIndex]),
        values: rows.map((row) => number(row.cells[head.cellIndex])),
      })),
    };
  }

  function number(cell) {
    if (cell.dataset.value === undefined) return Number(cell.textContent.replace(/\D/g, ""));
    return cell.dataset.value === "" ? null : Number(cell.dataset.value);
  }

  // A key per series, as they lie over one another; its colour is the series'.
  function keys(figure, series) {
    const list = figure.querySelector(".keys");
    list.replaceChildren(...series.map(({ name }, index) => {
      const key = document.createElement("li"), label = document.createElement("bdi");
      key.className = "key";
      key.dataset.key = index;
      label.textContent = label.title = name;
      key.append(label, document.createElement("b"));
      return key;
    }).reverse());
    return [...list.children].reverse();
  }

  function say(figure, found, made, index) {
    const time = figure.querySelector("[data-at]");
    time.textContent = index === null ? "" : NAMES.at.format(found.times[index] * 1000);
    made.forEach((key, n) => {
      const { values, cells } = found.series[n], sum = values.reduce((all, value) => all + value, 0);
      key.lastChild.textContent = index !== null ? cells[index].textContent : figure.dataset.plot === "count" ? sum.toLocaleString("en") : "";
    });
  }

  function axes(look, left) {
    const shared = { stroke: look.color, font: look.font, ticks: { show: false }, grid: { stroke: look.borderTopColor, width: 1 } };
    const names = (_, times, __, ___, step) => times.map((time) => {
      const at = new Date(time * 1000);
      return step >= 24 * HOUR || at.getHours() + at.getMinutes() === 0 ? NAMES.day.format(at) : NAMES.hour.format(at);
    });
    return [{ ...shared, grid: { show: false }, values: names, space: 64, gap: 10, size: 35 }, { ...shared, size: 52, ...left }];
  }

  // Areas over one another, the whole first, so that each later one covers the lower part of it.
  function counts(found, colours, look) {
    const tops = [];
    for (const { values } of found.series) tops.push(values.map((value, n) => value + (tops.at(-1)?.[n] ?? 0)));
    const ended = tops.map((top) => [...top, top.at(-1)]);
    const stepped = uPlot.paths.stepped({ align: 1 });
    // An hour of a month is less than a point wide, so there it has an edge of its own colour.
    const edge = (colour) => isFine(found) ? { stroke: colour, width: 1 } : { stroke: look.backgroundColor, width: 0.5 };
    return {
      data: [[...found.times, found.times.at(-1) + HOUR], ...ended.reverse()],
      series: colours.map((colour) => ({ fill: colour, ...edge(colour), paths: stepped, points: { show: false } })).reverse(),
      axes: axes(look, { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] }),
      range: (_, __, most) => [0, Math.max(1, most * 1.06)],
      bands: [],
    };
  }

  // Waits are of all sizes: each step up is some times as long.
  function waits(found, colours, look) {
    const all = found.series.flatMap(({ values }) => values).filter((value) => value !== null);
    const least = Math.min(0.9, ...all.map(log)), most = Math.max(...all.map(log), 1.8);
    // A line needs two hours: in a month, one that stands alone is a point.
    const alone = ({ data }, n) => data[n].flatMap((value, at) => value === null || (data[n][at - 1] ?? data[n][at + 1] ?? null) !== null ? [] : [at]);
    const points = isFine(found) ? { show: true, filter: alone } : {};
    return {
      data: [found.times.map((time) => time + HOUR / 2), ...found.series.map(({ values }) => values.map(log))],
      series: colours.map((colour, n) => ({ stroke: colour, width: n ? 1 : 1.6, points: { size: 4, fill: colour, stroke: colour, width: 0, ...points } })),
      axes: axes(look, { splits: () => WAITS.map(log).filter((at) => at >= least - 0.05 && at <= most + 0.15), values: (_, splits) => splits.map((at) => spoken(Math.round(10 ** at))) }),
      range: () => [Math.max(0, least - 0.1), most + 0.2],
      bands: found.series.length > 1 ? [{ series: [2, 1], fill: look.outlineColor }] : [],
    };
  }

  function draw(figure) {
    const found = read(figure);
    figure.hidden = found.series.every(({ values }) => values.every((value) => value === null));
    if (figure.hidden) return;
    const made = keys(figure, found.series), look = getComputedStyle(figure), into = figure.querySelector(".canvas");
    const colours = made.map((key) => getComputedStyle(key).color);
    const { data, series, axes: drawnAxes, range, bands } = (figure.dataset.plot === "count" ? counts : waits)(found, colours, { color: look.color, borderTopColor: look.borderTopColor, backgroundColor: look.backgroundColor, outlineColor: look.outlineColor, font: `${parseFloat(look.fontSize) * 0.875}px ${look.fontFamily}` });
    const plot = new uPlot({
      width: into.clientWidth, height: into.clientHeight, padding: [8, 22, 0, 0],
      series: [{}, ...series], axes: drawnAxes, bands, legend: { show: false },
      scales: { x: { time: true, range: [found.times[0], found.times.at(-1) + HOUR] }, y: { range } }, drawOrder: ["series", "axes"],
      cursor: { y: false, drag: { x: false, y: false }, sync: { key: "hours" }, points: { show: figure.dataset.plot === "wait", size: 7 } },
      hooks: { setCursor: [({ cursor }) => say(figure, found, made, cursor.idx === null || cursor.idx === undefined ? null : Math.min(cursor.idx, found.times.length - 1))] },
    }, data, into);
    say(figure, found, made, null);
    const sized = new ResizeObserver(() => plot.setSize({ width: into.clientWidth, height: into.clientHeight }));
    sized.observe(into);
    drawn.push(() => { sized.disconnect(); plot.destroy(); });
  }

  function redraw() {
    for (const remove of drawn) remove();
    drawn = [];
    for (const zone of document.querySelectorAll("[data-zone]")) zone.textContent = `Hours are those of ${NAMES.hour.resolvedOptions().timeZone.replace("_", " ")}.`;
    for (const figure of document.querySelectorAll("figure[data-plot]")) { figure.hidden = false; draw(figure); }
  }

  redraw();
  dark.addEventListener("change", redraw);
  document.addEventListener("htmx:after:swap", redraw);
})();
