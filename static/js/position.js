/* Where am I: a button fills the hidden fields of a form with the position of the phone (WGS 84).
   <div data-position data-latitude="id_latitude" data-longitude="id_longitude" data-accuracy="id_accuracy"
        data-asking="…" data-found="…" data-refused="…" data-nowhere="…">
     <button type="button" data-locate hidden>…</button> <output></output>
   </div>
   "{accuracy}" in data-found becomes the accuracy in metres. Without JavaScript the button stays hidden. */
"use strict";

function wakePosition(box) {
  const button = box.querySelector("[data-locate]");
  const output = box.querySelector("output");
  const field = (name) => document.getElementById(box.dataset[name]);
  if (!("geolocation" in navigator)) return;
  button.hidden = false;

  function found(position) {
    const { latitude, longitude, accuracy } = position.coords;
    field("latitude").value = latitude.toFixed(6);
    field("longitude").value = longitude.toFixed(6);
    if (field("accuracy")) field("accuracy").value = Math.round(accuracy);
    output.textContent = box.dataset.found.replace("{accuracy}", Math.round(accuracy));
    button.removeAttribute("aria-busy");
    field("latitude").dispatchEvent(new CustomEvent("position", { bubbles: true, detail: { latitude, longitude } }));
  }

  function failed(problem) {
    output.textContent = problem.code === problem.PERMISSION_DENIED ? box.dataset.refused : box.dataset.nowhere;
    button.removeAttribute("aria-busy");
  }

  function ask() {
    button.setAttribute("aria-busy", "true");
    output.textContent = box.dataset.asking;
    navigator.geolocation.getCurrentPosition(found, failed, { enableHighAccuracy: true, timeout: 15000, maximumAge: 30000 });
  }

  button.addEventListener("click", ask);
}

function wakePositions(root) {
  root.querySelectorAll("[data-position]:not([data-awake])").forEach((box) => {
    box.dataset.awake = "1";
    wakePosition(box);
  });
}

document.addEventListener("htmx:load", (event) => wakePositions(event.target));
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => wakePositions(document));
else wakePositions(document);
