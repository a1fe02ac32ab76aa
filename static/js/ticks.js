// Ticks a page of a list at once, and says in numbers what a button would do before it is pressed.
(() => {
  const boxes = (form) => [...form.querySelectorAll('input[name="id"]')];

  function say(form) {
    const all = boxes(form), ticked = all.filter((box) => box.checked);
    const head = form.querySelector("[data-tick-all]");
    head.checked = ticked.length > 0 && ticked.length === all.length;
    head.indeterminate = ticked.length > 0 && !head.checked;
    form.querySelector("[data-ticked]").textContent = ticked.length ? sentence(ticked) : "";
  }

  function sentence(ticked) {
    const [waiting, held] = ["waiting", "held"].map((word) => ticked.filter((box) => word in box.dataset).length);
    const released = held ? ` Released, those ${held} wait again.` : "";
    return `${ticked.length} ticked: ${waiting} waiting, ${held} open with an agent.${released}`;
  }

  function sayAll() {
    for (const head of document.querySelectorAll("[data-tick-all]")) say(head.form);
  }

  document.addEventListener("change", ({ target }) => {
    const form = target.closest("form:has([data-tick-all])");
    if (!form) return;
    if (target.matches("[data-tick-all]")) for (const box of boxes(form)) box.checked = target.checked;
    say(form);
  });
  document.addEventListener("htmx:after:swap", sayAll);
  sayAll();
})();
