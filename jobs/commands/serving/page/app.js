"use strict";
// The page of `pool3 serve`: sends a picture, shows the answer. Everything from outside is put in as text. Addresses are
// relative, so that the page may lie in a folder of a proxy. "#picture" is the last picture that was given, "#row=7" one
// of the catalogue, and without either the page is at its start.
(() => {
  const at = (id) => document.getElementById(id);
  const largest_side = 2048; // of photos that are made smaller here
  const most_in_tray = 24;
  let picture = null; // the blob that was asked about, or null for a row of the catalogue
  let given = null; // the last one with its answer: {blob, answer, name}
  let predicted = "";
  let asking = null; // AbortController of the question at work
  let info = { classes: [], corrections: false, most_bytes: 20 * 1024 * 1024 };

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
      if (!response.ok) throw Object.assign(new Error(answer.error || response.statusText), { status: response.status });
      say("");
      return answer;
    } catch (error) {
      if (mine.signal.aborted) return null;
      if (options && options.retry) {
        const again = await options.retry(error);
        if (again) return mine.signal.aborted ? null : ask(path, again);
      }
      say(error instanceof TypeError ? "The server can't be reached." : "That did not work: " + error.message, "error");
      return null;
    }
  }

  /// A smaller JPEG of what the browser can show, or null.
  async function smaller(blob) {
    try {
      const bitmap = await createImageBitmap(blob);
      const scale = Math.min(1, largest_side / Math.max(bitmap.width, bitmap.height));
      const canvas = make("canvas");
      canvas.width = Math.max(1, Math.round(bitmap.width * scale));
      canvas.height = Math.max(1, Math.round(bitmap.height * scale));
      canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      return await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
    } catch {
      return null;
    }
  }

  const question = (blob) => ({
    method: "POST", body: blob, headers: { "Content-Type": blob.type || "application/octet-stream", "X-Pool3": "page" },
  });

  /// A picture that is too large, of a format that only the browser knows, or on a line that is too slow, goes again as a
  /// smaller JPEG.
  async function ask_picture(blob, name) {
    let sent = blob.size > info.most_bytes ? (await smaller(blob)) || blob : blob;
    const first = sent;
    const retry = async (error) => {
      const smaller_helps = error instanceof TypeError ? first.size > 1024 * 1024 : [408, 413, 422].includes(error.status);
      const copy = smaller_helps && first === blob ? await smaller(blob) : null;
      if (!copy) return null;
      sent = copy;
      return question(copy);
    };
    const answer = await ask("api/classify", { ...question(sent), retry });
    if (!answer) return;
    given = { blob: sent, answer, name: name || "your picture" };
    if (location.hash !== "#picture") history.pushState(null, "", "#picture");
    show_given();
  }

  function show_given() {
    picture = given.blob;
    if (at("preview").src.startsWith("blob:")) URL.revokeObjectURL(at("preview").src);
    at("preview").src = URL.createObjectURL(picture);
    show_answer(given.answer, given.name);
  }

  function show_start() {
    if (asking) asking.abort();
    say("");
    picture = null;
    document.body.classList.remove("small");
    for (const id of ["result", "near", "tray"]) show(id, false);
  }

  async function ask_row(row) {
    const answer = await ask("api/rows/" + row);
    if (!answer) return;
    picture = null;
    at("preview").src = "thumbnails/" + row + "?side=640";
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
      meter.setAttribute("aria-label", one.class);
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
      image.alt = "";  // the label stands below it
      image.loading = "lazy";
      image.addEventListener("load", () => image.classList.add("loaded"));
      image.addEventListener("error", () => image.classList.add("missing"));
      image.src = "thumbnails/" + one.row + (window.devicePixelRatio > 1 ? "?side=384" : "");
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
      const response = await fetch("api/wrong?" + query, { method: "POST", body: picture, headers: { "X-Pool3": "page" } });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error);
      at("thanks").textContent = "Kept as " + label + " for the next training. Thank you.";
      show("wrong-fields", false);
      show("thanks", true);
    } catch (error) {
      say("It could not be kept: " + error.message, "error");
    }
  }

  /// The first is asked about; all of them lie in the tray.
  function take_files(files) {
    const pictures = [...files].filter((f) => f.type.startsWith("image/") || f.type === "");
    if (!pictures.length) return say(files.length ? "That is no picture." : "There was no picture in it. Save it first, and drop the file.", "error");
    at("tray").replaceChildren(...pictures.slice(0, most_in_tray).map((file) => {
      const item = make("li"), button = make("button"), image = make("img");
      button.type = "button";
      button.title = image.alt = file.name;
      image.src = URL.createObjectURL(file);
      image.addEventListener("load", () => URL.revokeObjectURL(image.src));
      button.append(image);
      button.addEventListener("click", () => choose(button, file));
      item.append(button);
      return item;
    }));
    choose(at("tray").querySelector("button"), pictures[0]);
    show("tray", pictures.length > 1);
    if (pictures.length > most_in_tray) at("tray").append(make("li", "", `and ${pictures.length - most_in_tray} more, which are left out`));
  }
  function choose(button, file) {
    for (const other of at("tray").querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
    ask_picture(file, file.name);
  }

  function follow_address() {
    const row = /^#row=(\d+)$/.exec(location.hash);
    if (row) ask_row(row[1]);
    else if (location.hash === "#picture" && given) show_given();
    else show_start();
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
    else if (!(event.target instanceof HTMLInputElement)) say("What was pasted is no picture. Copy a picture itself, or its file.", "error");
  });
  at("open-wrong").addEventListener("click", () => {
    show("wrong-fields", true);
    show("open-wrong", false);
    at("label").focus();
  });
  at("wrong").addEventListener("submit", keep_wrong);
  window.addEventListener("hashchange", follow_address);

  fetch("api/info").then((response) => response.json()).then((found) => {
    info = found;
    at("facts").textContent = found.pictures.toLocaleString("en") + " pictures, " + found.classes.length + " classes";
    at("version").textContent = "pool3 " + found.version;
    at("labels").replaceChildren(...found.classes.map((name) => { const o = make("option"); o.value = name; return o; }));
    show("report", found.report);
    follow_address();
  }).catch(() => say("The server can't be reached.", "error"));
})();
