// What is wrong with a page's layout, in sentences: wider than the window, out of reach, cut, or one over the other.
() => {
  const found = [], width = document.documentElement.clientWidth;
  const named = (element) => element.tagName.toLowerCase() + (element.id ? `#${element.id}` : "") + (element.classList.length ? `.${[...element.classList].join(".")}` : "");
  const said = (text) => `"${text.trim().replace(/\s+/g, " ").slice(0, 50)}"`;
  const above = (element, holds) => { for (let at = element; at; at = at.parentElement) if (holds(at, getComputedStyle(at))) return at; };
  const hidden = (element) => !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    || above(element, (at, style) => at.matches(".unseen, .skip, [popover], option, noscript") || style.clipPath.startsWith("inset(50%"));
  const rolls = (element) => above(element, (_, style) => /auto|scroll/.test(style.overflowX));
  const floats = (element) => above(element, (_, style) => ["fixed", "sticky"].includes(style.position));

  if (document.documentElement.scrollWidth > width) found.push(`The page is ${document.documentElement.scrollWidth - width} px wider than its window.`);

  const texts = [];
  for (const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); walker.nextNode();) {
    const node = walker.currentNode, element = node.parentElement;
    if (!node.data.trim() || element.closest("script, style") || hidden(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) if (box.width > 1 && box.height > 1) texts.push({ box, node, element, text: node.data });
  }

  for (const one of texts) {
    const { box, element, text } = one;
    const clips = above(element, (at, style) => at !== document.body && at !== document.documentElement && /hidden|clip|auto|scroll/.test(style.overflow));
    const outside = !rolls(element) && (box.right > width + 1 || box.left < -1);
    if (!clips && outside) found.push(`${said(text)} in ${named(element)} is outside the window.`);
    if (!clips) continue;
    const edge = clips.getBoundingClientRect();
    one.box = new DOMRect(Math.max(box.left, edge.left), Math.max(box.top, edge.top),
      Math.min(box.right, edge.right) - Math.max(box.left, edge.left), Math.min(box.bottom, edge.bottom) - Math.max(box.top, edge.top));
    const cut = box.width > one.box.width + 1 || box.height > one.box.height + 6;
    if (cut && !rolls(element) && !above(element, (at) => at.title)) found.push(`${said(text)} is cut by ${named(clips)}, and no title says it whole.`);
  }

  for (const input of document.querySelectorAll("input, select, textarea")) {
    if (hidden(input)) continue;
    if ((input.inputMode || !input.value) && input.scrollWidth > input.clientWidth + 1)
      found.push(`${said(input.value || input.placeholder)} does not fit into ${named(input)}.`);
    if (!rolls(input) && input.getBoundingClientRect().right > width + 1) found.push(`${named(input)} is outside the window.`);
  }

  const still = texts.filter(({ box, element }) => box.width > 0 && box.height > 0 && !floats(element)).sort((a, b) => a.box.top - b.box.top);
  still.forEach((one, at) => {
    for (let next = at + 1; next < still.length && still[next].box.top < one.box.bottom - 4; next++) {
      const other = still[next], across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      if (other.node !== one.node && across > 3 && Math.min(one.box.bottom, other.box.bottom) - other.box.top > 4)
        found.push(`${said(one.text)} and ${said(other.text)} lie over each other.`);
    }
  });
  return [...new Set(found)];
}
