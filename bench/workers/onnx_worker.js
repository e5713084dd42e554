// ONNX Runtime as a peer of bench/compare network, by the npm package onnxruntime-node, on one thread.
//   node onnx_worker.js PACKAGE NETWORK.onnx PICTURES.f32 FEATURES.f32
// PACKAGE is the package's folder. The rest is as in network_worker.cpp, with pictures as [N, 3, 299, 299]; the number
// of threads in a line must be 1.
'use strict';
const fs = require('fs');
const path = require('path');
const readline = require('readline');

const SIDE = 299;
const FLOATS = 3 * SIDE * SIDE;
const [folder, model, picturesPath, featuresPath] = process.argv.slice(2);
const ort = require(path.resolve(folder));
const bytes = fs.readFileSync(picturesPath);
const pictures = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
const sessions = new Map();

// The shape of a batch is fixed in its session, as in pool3: ONNX Runtime then plans its memory once.
async function sessionOf(batch) {
  if (!sessions.has(batch)) {
    sessions.set(batch, await ort.InferenceSession.create(model, {
      executionProviders: ['cpu'],
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      freeDimensionOverrides: { n: batch },
    }));
  }
  return sessions.get(batch);
}

function batchOf(batch) {
  const values = new Float32Array(batch * FLOATS);
  for (let i = 0; i < values.length; i++) values[i] = pictures[i % pictures.length];
  return { input: new ort.Tensor('float32', values, [batch, 3, SIDE, SIDE]) };
}

async function writeFeatures() {
  const session = await sessionOf(1);
  const rows = [];
  for (let at = 0; at < pictures.length; at += FLOATS) {
    const picture = new ort.Tensor('float32', pictures.slice(at, at + FLOATS), [1, 3, SIDE, SIDE]);
    const { features } = await session.run({ input: picture });
    rows.push(Buffer.from(new Float32Array(features.data).buffer));
  }
  fs.writeFileSync(featuresPath, Buffer.concat(rows));
}

async function run(batch, calls, threads) {
  if (threads !== 1) throw new Error('this peer has one thread');
  const session = await sessionOf(batch);
  const feeds = batchOf(batch);
  await session.run(feeds);
  const start = process.hrtime.bigint();
  for (let i = 0; i < calls; i++) await session.run(feeds);
  return Number(process.hrtime.bigint() - start) / 1e9;
}

async function main() {
  await writeFeatures();
  console.log('ready');
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(await run(...line.split(' ').map(Number)));
  }
}

main().catch((error) => {
  console.error('onnx_worker: ' + error.message);
  process.exit(1);
});
