/* The report form on a phone. It works without this file; with it photos go ahead of the form, the position
   is taken by one tap, and what was entered is kept on the phone until the server says that it has it.
   A report is called sent only when the server has answered with its number. */
"use strict";

const KEPT = "incident-report:";
const UPLOAD_LIFE = 20 * 3600 * 1000;
const LARGEST_PHOTO = 20 * 1024 * 1024;
const LEFT_OUT = ["csrfmiddlewaretoken", "uploads", "remove-uploads"];

function reportKey(user) {
  return KEPT + user;
}

function readDraft(user) {
  try {
    return JSON.parse(localStorage.getItem(reportKey(user)));
  } catch {
    return null;
  }
}

function writeDraft(user, draft) {
  try {
    localStorage.setItem(reportKey(user), JSON.stringify(draft));
  } catch {
    /* A full or forbidden store only means that nothing is kept. */
  }
}

function dropDraft(user) {
  try {
    localStorage.removeItem(reportKey(user));
  } catch {
    /* There was none. */
  }
}

function wakeReport(form) {
  const words = form.dataset;
  const state = document.getElementById("report_state");
  const photos = document.getElementById("report_photos");
  const input = form.querySelector("input[type=file]");
  const sendWhat = form.querySelector("[data-send-what]");
  const button = form.querySelector(".send-bar button");
  let sending = false;
  let going = 0;

  /* ── What stands above the form ── */
  function say(text, kind, action) {
    const banner = document.createElement("div");
    banner.className = `banner banner-${kind}`;
    const body = document.createElement("div");
    body.className = "banner-body";
    const line = document.createElement("strong");
    line.textContent = text;
    body.append(line);
    if (action) body.append(action);
    banner.append(body);
    state.replaceChildren(banner);
  }

  function unsent(text, action) {
    say(text, "warning", action);
    state.scrollIntoView({ block: "center" });
  }

  /* ── The draft ── */
  function keep() {
    if (!form.elements.observed_at.value) form.elements.observed_at.value = new Date().toISOString();
    const fields = [];
    new FormData(form).forEach((value, name) => {
      if (typeof value === "string" && !LEFT_OUT.includes(name)) fields.push([name, value]);
    });
    const uploads = Array.from(photos.querySelectorAll("[data-upload]")).map((item) => ({
      id: item.dataset.upload, name: item.dataset.name, url: item.dataset.url, at: Number(item.dataset.at),
    }));
    writeDraft(words.user, { fields, uploads });
  }

  function restore() {
    const draft = readDraft(words.user);
    if (!draft || words.returned) return;
    draft.fields.forEach(([name, value]) => {
      const controls = Array.from(form.querySelectorAll(`[name="${CSS.escape(name)}"]`));
      const choice = controls.find((one) => ["radio", "checkbox"].includes(one.type) && one.value === value && !("lately" in one.dataset));
      if (choice) choice.checked = true;
      else if (controls[0] && !["radio", "checkbox"].includes(controls[0].type)) controls[0].value = value;
    });
    draft.uploads.filter((one) => Date.now() - one.at < UPLOAD_LIFE).forEach((one) => photos.append(sentPhoto(one)));
    const tile = form.querySelector(".kind :checked");
    if (tile) tile.closest("details").open = true;
    const anew = document.createElement("button");
    anew.type = "button";
    anew.className = "btn btn-secondary btn-sm";
    anew.textContent = words.discard;
    anew.addEventListener("click", () => {
      dropDraft(words.user);
      location.reload();
    });
    say(words.restored, "info", anew);
  }

  /* ── What will be sent ── */
  function show() {
    const chosen = form.querySelector("input[name=category]:checked");
    const place = form.elements.area.selectedOptions[0];
    const small = document.createElement("small");
    small.textContent = place ? place.textContent : "";
    sendWhat.replaceChildren(chosen ? chosen.nextElementSibling.textContent : words.choose, small);
    const usual = form.querySelector("[data-usual]");
    const word = chosen && form.querySelector(`[data-urgency-word="${chosen.dataset.urgency}"]`);
    usual.textContent = word ? word.textContent.trim() : "";
  }

  /* ── Photos ── */
  function line(name, url) {
    const item = document.createElement("li");
    item.className = "kept-file";
    const image = document.createElement("img");
    image.src = url;
    image.alt = "";
    const label = document.createElement("span");
    label.className = "kept-name";
    label.textContent = name;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "btn-remove";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `${words.photoRemoved} ${name}`);
    remove.addEventListener("click", () => {
      if (item.file) takeOut(item.file);
      item.remove();
      keep();
      input.focus();
    });
    item.append(image, label, remove);
    return item;
  }

  function mark(item, upload) {
    Object.assign(item.dataset, { upload: upload.id, name: upload.name, url: upload.url, at: upload.at });
    const hidden = document.createElement("input");
    hidden.type = "hidden";
    hidden.name = "uploads";
    hidden.value = upload.id;
    item.append(hidden);
  }

  function sentPhoto(upload) {
    const item = line(upload.name, upload.url);
    mark(item, upload);
    return item;
  }

  function problem(name, texts) {
    const item = document.createElement("li");
    item.className = "kept-file problem";
    item.textContent = `${name}: ${texts.join(" ")}`;
    return item;
  }

  function note(item, text) {
    const small = document.createElement("span");
    small.className = "kept-note";
    small.textContent = text;
    item.querySelector(".kept-name").append(small);
  }

  /* Files that could not go ahead stay in the input, which the form sends as it would without this file. */
  function hold(file) {
    const transfer = new DataTransfer();
    Array.from(input.files).concat(file).forEach((one) => transfer.items.add(one));
    input.files = transfer.files;
  }

  function takeOut(file) {
    const transfer = new DataTransfer();
    Array.from(input.files).filter((one) => one !== file).forEach((one) => transfer.items.add(one));
    input.files = transfer.files;
  }

  async function sendAhead(file) {
    if (file.size > LARGEST_PHOTO) {
      photos.append(problem(file.name, [words.tooLarge]));
      return;
    }
    const item = line(file.name, URL.createObjectURL(file));
    item.classList.add("is-sending");
    photos.append(item);
    const body = new FormData();
    body.append("file", file);
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    going += 1;
    try {
      const response = await fetch(words.uploadUrl, { method: "POST", body, headers: { Accept: "application/json" } });
      const isJson = (response.headers.get("content-type") || "").includes("json");
      if (!isJson) throw new Error(String(response.status));
      const answer = await response.json();
      if (response.ok) {
        if (item.isConnected) mark(item, { ...answer, at: Date.now() });
      } else item.replaceWith(problem(file.name, answer.errors.file));
    } catch {
      if (item.isConnected) {
        item.file = file;
        item.classList.add("is-waiting");
        note(item, words.photoWaits);
        hold(file);
      }
    }
    going -= 1;
    item.classList.remove("is-sending");
    keep();
  }

  input.addEventListener("change", () => {
    const waiting = Array.from(photos.querySelectorAll(".is-waiting")).map((item) => item.file);
    const chosen = Array.from(input.files).filter((file) => !waiting.includes(file));
    const transfer = new DataTransfer();
    waiting.forEach((file) => transfer.items.add(file));
    input.files = transfer.files;
    chosen.forEach(sendAhead);
  });

  photos.addEventListener("change", keep);

  /* ── Sending ── */
  function settle() {
    return going ? new Promise((done) => setTimeout(() => done(settle()), 150)) : Promise.resolve();
  }

  async function send() {
    sending = true;
    button.setAttribute("aria-busy", "true");
    document.querySelectorAll(".report > .error-summary, .report > .banner").forEach((old) => old.remove());
    say(words.sending, "info");
    keep();
    await settle();
    let response;
    try {
      response = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
      if (response.status === 201) {
        const answer = await response.json();
        dropDraft(words.user);
        location.assign(answer.location);
        return;
      }
      if (response.redirected) signedOut();
      else if (response.status < 500 && !(await swap(await response.text()))) unsent(words.refused);
      else if (response.status >= 500) unsent(words.refused);
    } catch {
      unsent(words.offline);
    }
    sending = false;
    button.removeAttribute("aria-busy");
  }

  function signedOut() {
    const link = document.createElement("a");
    link.href = `${words.signInUrl}?next=${encodeURIComponent(location.pathname)}`;
    link.textContent = words.signIn;
    unsent(words.signedOut, link);
  }

  /* The form came back: what was wrong stands in it. */
  function swap(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("report");
    if (!fresh) return false;
    document.getElementById("report").replaceWith(document.adoptNode(fresh));
    wakeAll();
    document.dispatchEvent(new CustomEvent("htmx:load", { detail: {}, bubbles: true }));
    const first = fresh.querySelector("[data-focus]");
    fresh.scrollIntoView({ block: "start" });
    if (first) first.focus({ preventScroll: true });
    return true;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!sending) send();
  });
  form.addEventListener("input", keep);
  form.addEventListener("change", show);
  form.addEventListener("position", (event) => {
    const [west, south, east, north] = words.bounds.split(",").map(Number);
    const { longitude, latitude } = event.detail;
    const inside = west <= longitude && longitude <= east && south <= latitude && latitude <= north;
    if (!inside) form.querySelector(".locate-state").textContent = words.outside;
    if (readDraft(words.user)) keep();
  });
  /* On a phone the chosen tile comes to the top, so that its choices are in sight. */
  form.querySelectorAll("details.kind").forEach((tile) => tile.addEventListener("toggle", () => {
    if (tile.open && !tile.querySelector(":checked")) tile.scrollIntoView({ block: "nearest" });
  }));
  window.addEventListener("online", () => {
    if (document.contains(form) && state.querySelector(".banner-warning")) say(words.online, "info");
  });

  restore();
  show();
  takePosition(form);
}

/* The position is asked for without a tap only where the phone already allows it. */
async function takePosition(form) {
  if (form.elements.latitude.value || !navigator.permissions || !("geolocation" in navigator)) return;
  try {
    const permission = await navigator.permissions.query({ name: "geolocation" });
    if (permission.state === "granted") form.querySelector("[data-locate]").click();
  } catch {
    /* The browser does not tell; the button is there. */
  }
}

function wakeAll() {
  document.querySelectorAll("form[data-report]:not([data-awake])").forEach((form) => {
    form.dataset.awake = "1";
    wakeReport(form);
  });
  document.querySelectorAll("[data-report-arrived]").forEach((mark) => dropDraft(mark.dataset.reportArrived));
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", wakeAll);
else wakeAll();
