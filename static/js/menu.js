// What comes and goes over a page: the menus, the funnel's dismissal, toasts; and the page one is on, in view in the bar.
(() => {
  const TOAST = 7000;
  const menu = document.getElementById("menu"), toasts = document.getElementById("toasts");

  function toast(text) {
    const line = document.createElement("p");
    line.className = "toast";
    line.dataset.level = "action";
    line.setAttribute("role", "alert");
    line.textContent = text;
    toasts.append(line);
  }

  document.addEventListener("htmx:after:swap", (event) => {
    const { ctx } = event.detail;
    if (ctx.target === menu) menu.showPopover({ source: ctx.sourceElement });
    else if (menu.contains(ctx.sourceElement) && ctx.response.status < 400) menu.hidePopover();
  });

  document.addEventListener("htmx:error", (event) => {
    const from = event.detail.ctx?.sourceElement;
    if (from && !from.matches("[data-live]")) toast("The server did not answer. Reload the page to see what is so before trying again.");
  });

  for (const here of document.querySelectorAll(":is(.bar, .tabs) [aria-current]")) here.scrollIntoView({ block: "nearest", inline: "center" });

  for (const node of toasts.children) setTimeout(() => node.remove(), TOAST);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) for (const node of addedNodes) setTimeout(() => node.remove(), TOAST);
  }).observe(toasts, { childList: true });

  const me = document.getElementById("me");
  document.addEventListener("click", (event) => { if (me?.open && !me.contains(event.target)) me.open = false; });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && me?.open) {
      me.open = false;
      me.querySelector("summary").focus();
    }
    if (event.key === "Escape") for (const why of document.querySelectorAll(".why:is(:hover, :focus-within)")) why.dataset.dismissed = "";
  });
  for (const leave of ["pointerout", "focusout"])
    document.addEventListener(leave, (event) => event.target.closest?.(".why") && delete event.target.closest(".why").dataset.dismissed);
})();
