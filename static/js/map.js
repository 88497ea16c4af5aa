/* A map of outlines and one point; drawn from our own data, so it needs no tiles from elsewhere.
   <div class="map" data-map data-latitude="33.6" data-longitude="119.02" data-outlines="/areas/….geojson"
        data-pick-latitude="id_latitude" data-pick-longitude="id_longitude" role="region" aria-label="…"></div>
   All attributes are optional but data-map. data-here names the feature that gets the thicker line. With data-pick-… a press on the map moves the point and fills the
   fields. Outlines are GeoJSON in WGS 84; properties.label is shown, properties.here draws the thicker line.
   data-labels writes the names that fit into their shapes; with data-feature-link="/areas/0/" a press on a shape
   opens that address with the feature's id in place of the 0 (the page must offer the same links elsewhere).
   A page that draws one loads vendor/leaflet/leaflet.css, vendor/leaflet/leaflet.js and this file. */
"use strict";

const TEAL = "#0d5463";

function pin(latlng) {
  return L.marker(latlng, { icon: L.divIcon({ className: "map-pin", iconSize: [20, 20] }), keyboard: false });
}

function wakeMap(box) {
  const map = L.map(box, { attributionControl: false, scrollWheelZoom: false, zoomSnap: 0.25 });
  const { latitude, longitude, outlines, labels, featureLink, pickLatitude, pickLongitude } = box.dataset;
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
      onEachFeature: prepare,
    }).addTo(map);
    if (!point && layer.getBounds().isValid()) map.fitBounds(layer.getBounds(), { padding: [12, 12], animate: false });
    if (labels === undefined) return;
    layer.eachLayer(showIfFitting);
    map.on("zoomend", () => layer.eachLayer(showIfFitting));
  }

  function prepare(feature, shape) {
    const text = labelOf(feature.properties);
    if (text && labels === undefined) shape.bindTooltip(text, { sticky: true });
    else if (text) shape.bindTooltip(text, { permanent: true, direction: "center", className: "map-label" });
    if (!featureLink) return;
    shape.on("click", () => { location.href = featureLink.replace("0", feature.id); });
    shape.on("mouseover", () => {
      shape.setStyle({ fillOpacity: 0.18 });
      if (shape.getTooltip()) shape.getTooltip().getElement().hidden = false;
    });
    shape.on("mouseout", () => {
      shape.setStyle({ fillOpacity: isHere(feature) ? 0.1 : 0.03 });
      if (labels !== undefined) showIfFitting(shape);
    });
  }

  // A name wider than its shape would lie over its neighbour's.
  function showIfFitting(shape) {
    const label = shape.getTooltip() && shape.getTooltip().getElement();
    if (!label) return;
    const box = shape.getBounds();
    const width = map.latLngToLayerPoint(box.getNorthEast()).x - map.latLngToLayerPoint(box.getSouthWest()).x;
    label.hidden = false;
    label.hidden = label.offsetWidth > 0.8 * width;
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
