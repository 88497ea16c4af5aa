/* The form of a step opens within the page of its case. Without this file its link leads to a page of its own. */
"use strict";

document.addEventListener("htmx:afterSwap", () => {
  const form = document.querySelector(".case #step.step-form");
  if (!form || form.dataset.shown) return;
  form.dataset.shown = "1";
  const first = form.querySelector("[data-focus]") || document.getElementById("step_title");
  first.focus({ preventScroll: true });
  form.scrollIntoView({ block: "start" });
});

document.addEventListener("click", (event) => {
  const close = event.target.closest("[data-close-step]");
  if (!close || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const empty = document.createElement("div");
  empty.id = "step";
  document.getElementById("step").replaceWith(empty);
  history.replaceState(null, "", close.href);
  document.getElementById("actions_title").focus();
});
