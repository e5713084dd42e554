"use strict";
// The page of `pool3 serve`: sends a picture, shows the answer. Everything from outside is put in as text.
(() => {
  const at = (id) => document.getElementById(id);
  const most_bytes = 20 * 1024 * 1024; // larger photos are made smaller here first
  const largest_side = 2048;
  let picture = null; // the blob that was asked about, or null for a row of the catalogue
  let predicted = "";
  let asking = null; // AbortController of the question at work
  let info = { classes: [], corrections: false };

  const make = (tag, name, text) => {
    const node = document.createElement(tag);
    if (name) node.className = name;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  // Long names of classes break behind their underscores and slashes first.
  const breakable = (tag, name, text) => {
    const node = make(tag, name);
    for (const part of text.split(/(?<=[_/])/)) node.append(part, make("wbr"));
    return node;
  };
  const show = (id, on) => { at(id).hidden = !on; };
  const percent = (p) => (p >= 0.995 && p < 1 ? "> 99" : p < 0.005 && p > 0 ? "< 1" : Math.round(p * 100)) + " %";

  function say(text, kind) {
    at("message").textContent = text;
    at("message").className = kind || "";
    show("message", text !== "");
  }

  async function ask(path, options) {
    if (asking) asking.abort();
    const mine = (asking = new AbortController());
    say("Looking at it", "busy");
    try {
      const response = await fetch(path, { ...options, signal: mine.signal });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error || response.statusText);
      say("");
      return answer;
    } catch (error) {
      if (mine.signal.aborted) return null;
      say(error instanceof TypeError ? "The server can't be reached." : "That did not work: " + error.message, "error");
      return null;
    }
  }

  /// A photo may be larger than the server takes: then a smaller copy is sent.
  async function fitting(blob) {
    if (blob.size <= most_bytes || !window.createImageBitmap) return blob;
    try {
      const bitmap = await createImageBitmap(blob);
      const scale = Math.min(1, largest_side / Math.max(bitmap.width, bitmap.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.max(1, Math.round(bitmap.width * scale));
      canvas.height = Math.max(1, Math.round(bitmap.height * scale));
      canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      return await new Promise((done) => canvas.toBlob((small) => done(small || blob), "image/jpeg", 0.92));
    } catch {
      return blob;
    }
  }

  async function ask_picture(blob, name) {
    blob = await fitting(blob);
    const answer = await ask("/api/classify", {
      method: "POST", body: blob, headers: { "Content-Type": blob.type || "application/octet-stream", "X-Pool3": "page" },
    });
    if (!answer) return;
    picture = blob;
    if (at("preview").src.startsWith("blob:")) URL.revokeObjectURL(at("preview").src);
    at("preview").src = URL.createObjectURL(blob);
    if (location.hash) history.pushState(null, "", "#");
    show_answer(answer, name || "your picture");
  }

  async function ask_row(row) {
    const answer = await ask("/api/rows/" + row);
    if (!answer) return;
    picture = null;
    at("preview").src = "/thumbnails/" + row + "?side=640";
    show_answer(answer, answer.path);
  }

  function show_answer(answer, name) {
    const own = answer.row !== undefined;
    predicted = answer.class;
    document.body.classList.add("small");
    at("name").textContent = name;
    at("predicted").textContent = answer.class;
    at("truth").replaceChildren();
    if (own && answer.label !== null) {
      at("truth").append("The catalogue calls it ", make("b", answer.label === answer.class ? "right" : "", answer.label), ".");
    }
    show("truth", own && answer.label !== null);
    show("unlike", answer.unlike && !own);
    const set = answer.set || [];
    const others = set.filter((c) => c !== answer.class), named = others.length <= 6 ? others : others.slice(0, 5);
    if (others.length > named.length) named.push(`one of ${others.length - named.length} more classes`);
    at("set").textContent = `It may also be ${named.slice(0, -1).join(", ")}${named.length > 1 ? " or " : ""}${named.at(-1)}.`;
    show("set", set.length > 1);
    show_classes(answer.top);
    show_neighbours(answer.neighbours);
    show("wrong", info.corrections && !own);
    show("wrong-fields", false);
    show("open-wrong", true);
    show("thanks", false);
    at("label").value = "";
    show("result", true);
    at("result").scrollIntoView({ block: "nearest" });
  }

  function show_classes(top) {
    at("classes").replaceChildren(...top.slice(0, 5).map((one) => {
      const line = make("li");
      const meter = make("meter");
      const has = one.probability !== null;
      meter.value = has ? one.probability : 1 / (1 + Math.exp(-2 * one.score));
      line.append(make("span", "name", one.class), make("span", "value", has ? percent(one.probability) : one.score.toFixed(2)), meter);
      return line;
    }));
  }

  function show_neighbours(list) {
    at("neighbours").replaceChildren(...list.map((one) => {
      const item = make("li");
      const button = make("button");
      button.type = "button";
      button.title = one.path;
      button.dataset.row = one.row;
      const image = make("img");
      image.alt = one.label || one.path;
      image.loading = "lazy";
      image.addEventListener("load", () => image.classList.add("loaded"));
      image.addEventListener("error", () => image.classList.add("missing"));
      image.src = one.thumbnail + (window.devicePixelRatio > 1 ? "?side=384" : "");
      const more = make("span", "more");
      more.append(make("span", "", one.distance < 0.0005 ? "the same" : "distance " + one.distance.toFixed(3)),
        make("span", "", one.copies.length ? `and ${one.copies.length} ${one.copies.length === 1 ? "copy" : "copies"}` : ""));
      button.append(image, breakable("span", "label", one.label || "no label"), more);
      button.addEventListener("click", () => { location.hash = "row=" + one.row; });
      item.append(button);
      return item;
    }));
    show("near", list.length > 0);
  }

  async function keep_wrong(event) {
    event.preventDefault();
    const label = at("label").value.trim();
    if (!label || !picture) return;
    const query = new URLSearchParams({ label, predicted });
    try {
      const response = await fetch("/api/wrong?" + query, { method: "POST", body: picture, headers: { "X-Pool3": "page" } });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error);
      at("thanks").textContent = "Kept as " + label + " for the next training. Thank you.";
      show("wrong-fields", false);
      show("thanks", true);
    } catch (error) {
      say("It could not be kept: " + error.message, "error");
    }
  }

  function take_files(files) {
    const file = [...files].find((f) => f.type.startsWith("image/") || f.type === "");
    if (file) ask_picture(file, file.name);
    else say("That is no picture.", "error");
  }

  function follow_address() {
    const row = /^#row=(\d+)$/.exec(location.hash);
    if (row) ask_row(row[1]);
  }

  for (const id of ["file", "photo"]) {
    at(id).addEventListener("change", (event) => {
      take_files(event.target.files);
      event.target.value = "";
    });
  }
  document.addEventListener("dragover", (event) => { event.preventDefault(); at("drop").classList.add("over"); });
  document.addEventListener("dragleave", () => at("drop").classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    at("drop").classList.remove("over");
    take_files(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) take_files(event.clipboardData.files);
  });
  at("open-wrong").addEventListener("click", () => {
    show("wrong-fields", true);
    show("open-wrong", false);
    at("label").focus();
  });
  at("wrong").addEventListener("submit", keep_wrong);
  window.addEventListener("hashchange", follow_address);

  fetch("/api/info").then((response) => response.json()).then((found) => {
    info = found;
    at("facts").textContent = found.pictures.toLocaleString("en") + " pictures, " + found.classes.length + " classes";
    at("version").textContent = "pool3 " + found.version;
    at("labels").replaceChildren(...found.classes.map((name) => { const o = make("option"); o.value = name; return o; }));
    show("report", found.report);
    follow_address();
  }).catch(() => say("The server can't be reached.", "error"));
})();
