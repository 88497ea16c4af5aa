/* A map of outlines and one point; drawn from our own data, so it needs no tiles from elsewhere.
   <div class="map" data-map data-latitude="33.6" data-longitude="119.02" data-outlines="/areas/….geojson"
        data-pick-latitude="id_latitude" data-pick-longitude="id_longitude" role="img" aria-label="…"></div>
   All attributes are optional but data-map. data-here names the feature that gets the thicker line. With data-pick-… a press on the map moves the point and fills the
   fields. Outlines are GeoJSON in WGS 84; properties.label is shown, properties.here draws the thicker line.
   A page that draws one loads vendor/leaflet/leaflet.css, vendor/leaflet/leaflet.js and this file. */
"use strict";

const TEAL = "#0d5463";

function pin(latlng) {
  return L.marker(latlng, { icon: L.divIcon({ className: "map-pin", iconSize: [20, 20] }), keyboard: false });
}

function wakeMap(box) {
  const map = L.map(box, { attributionControl: false, scrollWheelZoom: false, zoomSnap: 0.5 });
  const { latitude, longitude, outlines, pickLatitude, pickLongitude } = box.dataset;
  const point = latitude && longitude ? L.latLng(Number(latitude), Number(longitude)) : null;
  let marker = point ? pin(point).addTo(map) : null;
  L.control.scale({ imperial: false }).addTo(map);
  map.setView(point || [33.6, 119.02], point ? 16 : 12);

  const isHere = (feature) => Boolean(feature.properties.here) || String(feature.id) === box.dataset.here;
  const english = document.documentElement.lang.startsWith("en");
  const labelOf = ({ label, name, name_en }) => label || (english && name_en) || name || "";

  function draw(collection) {
    const layer = L.geoJSON(collection, {
      style: (feature) => ({ color: TEAL, weight: isHere(feature) ? 3 : 1.2, fillColor: TEAL, fillOpacity: isHere(feature) ? 0.1 : 0.03 }),
      onEachFeature: (feature, shape) => labelOf(feature.properties) && shape.bindTooltip(labelOf(feature.properties), { sticky: true }),
    }).addTo(map);
    if (!point && layer.getBounds().isValid()) map.fitBounds(layer.getBounds(), { padding: [12, 12] });
  }

  function move(latlng) {
    if (marker) marker.setLatLng(latlng);
    else marker = pin(latlng).addTo(map);
  }

  if (outlines) {
    fetch(outlines, { headers: { Accept: "application/geo+json, application/json" } })
      .then((response) => (response.ok ? response.json() : Promise.reject(response.status)))
      .then(draw)
      .catch(() => { box.dataset.failed = "1"; });
  }
  if (pickLatitude && pickLongitude) {
    map.on("click", (event) => {
      document.getElementById(pickLatitude).value = event.latlng.lat.toFixed(6);
      document.getElementById(pickLongitude).value = event.latlng.lng.toFixed(6);
      move(event.latlng);
    });
    document.addEventListener("position", (event) => {
      const found = L.latLng(event.detail.latitude, event.detail.longitude);
      move(found);
      map.setView(found, 17);
    });
  }
}

function wakeMaps(root) {
  root.querySelectorAll("[data-map]:not([data-awake])").forEach((box) => {
    box.dataset.awake = "1";
    wakeMap(box);
  });
}

document.addEventListener("htmx:load", (event) => wakeMaps(event.target));
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => wakeMaps(document));
else wakeMaps(document);
