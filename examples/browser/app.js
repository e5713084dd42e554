// The page: takes a picture, gives it to the worker, shows the answer. Everything from outside is put in as text.
const at = (id) => document.getElementById(id);
const shown = 5;
const worker = new Worker("worker.js", { type: "module" });
let question = 0; // number of the picture that was asked about last
let asked = null; // that picture

function say(text, kind) {
  at("state").textContent = text;
  at("state").className = kind || "";
  at("state").hidden = text === "";
}

function percent(p) {
  if (p >= 0.995 && p < 1) return "> 99 %";
  if (p > 0 && p < 0.005) return "< 1 %";
  return Math.round(p * 100) + " %";
}

function line_of({ name, probability, score }) {
  const line = document.createElement("li");
  const meter = document.createElement("meter");
  const texts = [name, probability === undefined ? score.toFixed(2) : percent(probability)].map((text) => {
    const span = document.createElement("span");
    span.textContent = text;
    return span;
  });
  meter.value = probability === undefined ? 1 / (1 + Math.exp(-2 * score)) : probability;
  line.append(...texts, meter);
  return line;
}

function show(answer) {
  say("");
  if (at("preview").src) URL.revokeObjectURL(at("preview").src);
  at("preview").src = URL.createObjectURL(asked);
  at("label").textContent = answer.label;
  at("classes").replaceChildren(...answer.classes.slice(0, shown).map(line_of));
  at("time").textContent = `${(answer.milliseconds / 1000).toFixed(1)} s on this device`;
  at("result").hidden = false;
  document.body.classList.add("answered");
}

worker.addEventListener("message", ({ data }) => {
  if (data.loaded !== undefined) at("progress").value = data.loaded;
  if (data.ready) {
    say("");
    at("progress").hidden = true;
    at("ask").hidden = false;
  }
  if (data.answer && data.question === question) show(data.answer);
  if (data.error && (data.question === undefined || data.question === question)) {
    say(data.error, "error");
    if (data.question === undefined) at("progress").hidden = true;
  }
});
worker.addEventListener("error", () => say("This browser can't run the model.", "error"));

function ask(files) {
  if (at("ask").hidden) return;
  const file = [...files].find((f) => f.type.startsWith("image/") || f.type === "");
  if (!file) return say("That is no picture.", "error");
  say("Looking at it", "busy");
  asked = file;
  worker.postMessage({ question: ++question, file });
}

for (const id of ["file", "photo"]) {
  at(id).addEventListener("change", ({ target }) => {
    ask(target.files);
    target.value = "";
  });
}
document.addEventListener("dragover", (event) => { event.preventDefault(); at("drop").classList.add("over"); });
document.addEventListener("dragleave", () => at("drop").classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  at("drop").classList.remove("over");
  ask(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => { if (event.clipboardData.files.length) ask(event.clipboardData.files); });
