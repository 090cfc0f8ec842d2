"use strict";
// Filters, links into what is folded or filtered away, and unfolding for paper. Without it the page is whole, only longer.
(() => {
  const form = document.getElementById("filters");
  const status = document.getElementById("filter-status");
  const expand = document.getElementById("expand");
  const sections = [...document.querySelectorAll(".filtered")].map((section) => ({
    noun: section.dataset.noun,
    nothing: section.querySelector(".nothing"),
    groups: [...section.querySelectorAll(".group")],
    items: [...section.querySelectorAll(".item")],
  }));
  const texts = new WeakMap();
  const textOf = (item) => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };
  const chosen = () => {
    const { text, ...lists } = Object.fromEntries(new FormData(form));
    lists.verdict = lists.verdict.replaceAll(" ", "-");
    return {
      words: text.toLowerCase().split(/\s+/).filter(Boolean),
      lists: Object.entries(lists).filter(([, value]) => value),
    };
  };
  const matches = (item, { words, lists }) =>
    lists.every(([name, value]) => (item.dataset[name] ?? "").split(" ").includes(value)) &&
    words.every((word) => textOf(item).includes(word));

  function filter() {
    const wanted = chosen();
    const counts = sections.map(({ noun, nothing, groups, items }) => {
      let shown = 0;
      for (const item of items) {
        item.hidden = !matches(item, wanted);
        if (!item.hidden) shown += 1;
      }
      for (const group of groups) group.hidden = !group.querySelector(".item:not([hidden])");
      nothing.hidden = shown > 0 || items.length === 0;
      return `${shown} of ${items.length} ${noun}`;
    });
    const isFiltered = wanted.words.length + wanted.lists.length > 0;
    document.body.classList.toggle("is-filtered", isFiltered);
    status.textContent = `${isFiltered ? "Filtered: showing" : "Showing"} ${counts.join(", ")}`;
    nameExpand();
  }

  // A control's own row and what is in it fold as one; the button does what is left to do.
  const shownItems = () => sections.flatMap(({ items }) => items).filter((item) => !item.hidden);
  const isAllOpen = () => shownItems().every((item) => item.open);
  function nameExpand() {
    expand.textContent = isAllOpen() && shownItems().length ? "Close all shown" : "Open all shown";
  }

  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]")) {
      for (const field of form.elements) if (field.name) field.value = "";
      filter();
      status.textContent = `Filters were cleared to show ${target.querySelector(".ids")?.textContent ?? "it"}`;
    }
    for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    target.scrollIntoView();
    target.querySelector(":scope > summary")?.focus({ preventScroll: true });
  }

  let pending;
  form.addEventListener("input", () => {
    clearTimeout(pending);
    pending = setTimeout(filter, 120);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  expand.addEventListener("click", () => {
    const open = !isAllOpen();
    for (const item of shownItems()) item.open = open;
    nameExpand();
  });
  addEventListener("hashchange", reveal);
  // A second click on the same link changes no hash.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link && link.hash === location.hash) reveal();
  });

  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = [...document.querySelectorAll("details.attend:not([open])")];
    for (const item of unfolded) item.open = true;
  });
  addEventListener("afterprint", () => {
    for (const item of unfolded) item.open = false;
  });

  form.hidden = false;
  filter();
  if (location.hash) reveal();
})();
