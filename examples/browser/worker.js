// Runs the model away from the page, so that the page does not stand still meanwhile.
import * as ort from "./ort.wasm.bundle.min.mjs";

const model_file = "model.onnx"; // pool3 export --format onnx --pictures --quantised
const most_pixels = 16_000_000; // some phones have no larger canvas
let session = null;

// The model's bytes; tells how far it is.
async function load() {
  const response = await fetch(model_file);
  if (!response.ok) throw new Error(`${model_file} is not there (${response.status})`);
  const size = Number(response.headers.get("Content-Length")) || 0;
  const parts = [];
  let loaded = 0;
  for (const reader = response.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    loaded += value.length;
    if (size) postMessage({ loaded: Math.min(1, loaded / size) });
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

// A picture as the model wants it: upright, transparency over white, colours as they are in the file.
async function pixels_of(file) {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" });
  const scale = Math.min(1, Math.sqrt(most_pixels / (bitmap.width * bitmap.height)));
  const width = Math.max(1, Math.floor(bitmap.width * scale)), height = Math.max(1, Math.floor(bitmap.height * scale));
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  return new ort.Tensor("uint8", new Uint8Array(data.buffer), [1, height, width, 4]);
}

async function classify(file) {
  const start = performance.now();
  const told = await session.run({ picture: await pixels_of(file) });
  const names = told.class_names.data;
  const probabilities = told.probabilities?.data, scores = told.scores?.data;
  const classes = names.map((name, k) => ({ name, probability: probabilities?.[k], score: scores?.[k] }));
  const by = probabilities ? "probability" : "score";
  classes.sort((a, b) => b[by] - a[by]);
  return { label: told.label.data[0], classes, milliseconds: performance.now() - start };
}

const ready = load()
  .then((bytes) => ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] }))
  .then((made) => {
    session = made;
    postMessage({ ready: true });
  })
  .catch((error) => postMessage({ error: `The model can't be loaded: ${error.message}` }));

addEventListener("message", async ({ data: { question, file } }) => {
  await ready;
  try {
    postMessage({ question, answer: await classify(file) });
  } catch (error) {
    postMessage({ question, error: error.name === "InvalidStateError" ? "That is no picture that this browser can read." : `That did not work: ${error.message}` });
  }
});
