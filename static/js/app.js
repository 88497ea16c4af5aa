/* What every page has: menus that close, messages that can be sent away, photos that open,
   and a word when a request of htmx fails. Every page works without it. */
"use strict";

document.documentElement.classList.add("js");

function closeMenus(except) {
  document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
    if (menu !== except) menu.open = false;
  });
}

document.addEventListener("click", (event) => {
  closeMenus(event.target.closest("details[data-menu]"));
  const photo = event.target.closest("a[data-photo]");
  if (photo && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    showPhoto(photo);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details[data-menu][open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

function showPhoto(link) {
  const thumbnail = link.querySelector("img");
  const viewer = document.createElement("dialog");
  viewer.className = "photo-viewer on-dark";
  const bar = document.createElement("form");
  bar.method = "dialog";
  const caption = document.createElement("span");
  caption.textContent = thumbnail.alt;
  const close = document.createElement("button");
  close.textContent = "×";
  close.setAttribute("aria-label", document.body.dataset.closeLabel);
  const image = document.createElement("img");
  image.src = link.href;
  image.alt = thumbnail.alt;
  bar.append(caption, close);
  viewer.append(bar, image);
  viewer.setAttribute("aria-label", thumbnail.alt);
  viewer.addEventListener("close", () => viewer.remove());
  viewer.addEventListener("click", (event) => event.target === viewer && viewer.close());
  document.body.append(viewer);
  viewer.showModal();
}

function addDismiss(root) {
  root.querySelectorAll("[data-dismissible]:not(:has(.dismiss))").forEach((banner) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "dismiss";
    button.textContent = "×";
    button.setAttribute("aria-label", banner.dataset.dismissLabel);
    button.addEventListener("click", () => banner.remove());
    banner.append(button);
  });
}

function tell(text) {
  const banner = document.createElement("div");
  banner.className = "banner banner-error";
  banner.setAttribute("role", "alert");
  banner.dataset.dismissible = "";
  banner.dataset.dismissLabel = document.body.dataset.closeLabel;
  const body = document.createElement("div");
  body.className = "banner-body";
  body.textContent = text;
  banner.append(body);
  document.getElementById("messages").replaceChildren(banner);
  addDismiss(document);
  banner.scrollIntoView({ block: "center" });
}

document.addEventListener("htmx:sendError", () => tell(document.body.dataset.networkError));
document.addEventListener("htmx:responseError", () => tell(document.body.dataset.serverError));
document.addEventListener("htmx:load", (event) => addDismiss(event.target));

function start() {
  addDismiss(document);
  const summary = document.querySelector("[data-focus]:not(.showcase *)");
  if (summary) summary.focus();
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
