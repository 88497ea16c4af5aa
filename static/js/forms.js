/* Forms: one press sends once, chosen files are shown, what was typed survives a closed tab's neighbour
   (a reload, a lost connection). Drafts live in sessionStorage only, so they end with the tab. */
"use strict";

const DRAFT = "draft:";
const LARGEST = 20 * 1024 * 1024;

/* One press sends once. A page that comes back from the browser's cache may be sent again. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-forget-drafts]")) forgetDrafts();
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
});

window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  });
});

/* Drafts: <form data-keep="incident-report">. The server's own values win when it sent the form back. */
function forgetDrafts() {
  Object.keys(sessionStorage).filter((key) => key.startsWith(DRAFT)).forEach((key) => sessionStorage.removeItem(key));
}

function kept(form) {
  return Array.from(form.elements).filter(
    (control) => control.name && !["hidden", "password", "file", "submit", "button"].includes(control.type),
  );
}

function saveDraft(form) {
  const values = kept(form).map((control) =>
    ["checkbox", "radio"].includes(control.type) ? [control.name, control.value, control.checked] : [control.name, control.value],
  );
  sessionStorage.setItem(DRAFT + form.dataset.keep, JSON.stringify(values));
}

function restoreDraft(form) {
  const key = DRAFT + form.dataset.keep;
  const draft = JSON.parse(sessionStorage.getItem(key) || "null");
  if (!draft || form.querySelector("[aria-invalid]") || document.querySelector("[data-focus]:not(.showcase *)")) return;
  const controls = kept(form);
  draft.forEach(([name, value, checked]) => {
    const control = controls.find((one) => one.name === name && (checked === undefined || one.value === value));
    if (!control) return;
    if (checked === undefined) control.value = value;
    else control.checked = checked;
    control.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

function keep(form) {
  if (form.dataset.kept) return;
  form.dataset.kept = "1";
  restoreDraft(form);
  form.addEventListener("input", () => saveDraft(form));
}

/* The page after a successful step says which draft is done: <meta name="draft-done" content="incident-report">
   or any element with data-draft-done. */
function dropDone(root) {
  root.querySelectorAll("[data-draft-done]").forEach((mark) => sessionStorage.removeItem(DRAFT + mark.dataset.draftDone));
}

/* Files: thumbnails, sizes, taking one out again. */
function showFiles(field) {
  const input = field.querySelector("input[type=file]");
  const list = field.querySelector(".file-list");
  let chosen = [];

  function put(files) {
    const transfer = new DataTransfer();
    files.forEach((file) => transfer.items.add(file));
    input.files = transfer.files;
    chosen = files;
  }

  function line(file) {
    const item = document.createElement("li");
    if (file.type.startsWith("image/")) {
      const image = document.createElement("img");
      image.src = URL.createObjectURL(file);
      image.alt = file.name;
      image.addEventListener("load", () => URL.revokeObjectURL(image.src));
      item.append(image);
    } else {
      const name = document.createElement("span");
      name.className = "name";
      name.textContent = file.name;
      item.append(name);
    }
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `${field.dataset.removeLabel} ${file.name}`);
    remove.addEventListener("click", () => {
      put(chosen.filter((one) => one !== file));
      draw([]);
      input.focus();
    });
    item.append(remove);
    return item;
  }

  function draw(refused) {
    list.replaceChildren(
      ...refused.map((file) => {
        const item = document.createElement("li");
        item.className = "problem";
        item.textContent = `${file.name} ${field.dataset.tooLarge}`;
        return item;
      }),
      ...chosen.map(line),
    );
  }

  function add(files) {
    const fitting = files.filter((file) => file.size <= LARGEST);
    put(input.multiple ? chosen.concat(fitting) : fitting.slice(0, 1));
    draw(files.filter((file) => file.size > LARGEST));
  }

  input.addEventListener("change", () => add(Array.from(input.files)));
  const drop = field.querySelector(".file-drop");
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("is-over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("is-over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("is-over");
    add(Array.from(event.dataTransfer.files));
  });
}

/* Demo sign-ins: one tap fills the form. */
document.addEventListener("click", (event) => {
  const fill = event.target.closest("[data-fill-username]");
  if (!fill) return;
  const form = document.getElementById("sign-in");
  form.elements.username.value = fill.dataset.fillUsername;
  form.elements.password.value = fill.dataset.fillPassword;
  form.querySelector("button[type=submit]").focus();
});

function wake(root) {
  dropDone(root);
  root.querySelectorAll("form[data-keep]").forEach(keep);
  root.querySelectorAll("[data-files]:not([data-awake])").forEach((field) => {
    field.dataset.awake = "1";
    showFiles(field);
  });
}

document.addEventListener("htmx:load", (event) => wake(event.target));
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => wake(document));
else wake(document);
