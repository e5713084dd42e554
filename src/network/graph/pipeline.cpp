#include "network/graph/pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "pool3/error.hpp"
#include "pool3/numbers.hpp"

namespace pool3::network {

View dense(std::byte* data, int height, int width, int channels, int value_bytes) {
  constexpr std::int64_t tile_row = 64;
  std::int64_t stride = static_cast<std::int64_t>(channels) * value_bytes;
  if (value_bytes == 1) stride = (stride + tile_row - 1) / tile_row * tile_row;
  return {.data = data,
          .height = height,
          .width = width,
          .channels = channels,
          .rows = height,
          .value_bytes = value_bytes,
          .stride = stride,
          .step = lanes * stride,
          .row_bytes = std::int64_t{width} * lanes * stride};
}

View dense_fine(std::byte* data, int height, int width, int channels) {
  View view = dense(data, height, width, 2 * channels, 1);
  view.channels = channels;
  view.fine = true;
  return view;
}

std::int64_t bytes_of(const View& view) { return view.rows * view.row_bytes; }

float value_at(const View& view, const ChannelCodes& codes, int y, int x, int n, int c) {
  const std::byte* at = view.at(y, x) + n * view.stride + static_cast<std::int64_t>(c) * view.value_bytes;
  if (view.value_bytes == 1) {
    const int lower = view.fine ? std::to_integer<int>(at[view.channels]) : 0;
    const int code = std::to_integer<int>(*at) * (view.fine ? fine_unit : 1) + lower;
    return static_cast<float>(code) * codes.steps[static_cast<std::size_t>(c)];
  }
  std::uint32_t bits = 0;
  std::memcpy(&bits, at, static_cast<std::size_t>(view.value_bytes));
  return view.value_bytes == 2 ? float_of_bf16(static_cast<Bf16>(bits)) : std::bit_cast<float>(bits);
}

struct Pipeline::Run {
  const Source* source = nullptr;  ///< null: plan() tries the order of things, nothing is computed
  const Watch* watch = nullptr;
  std::vector<View> views;  ///< by slot
  std::vector<int> made;    ///< rows, by node
  std::vector<int> rows;    ///< that each slot must hold, noted for plan()
};

Pipeline::Pipeline(const Kernels& kernels, std::string name, const View& shape, ChannelCodes codes)
    : kernels_(kernels), name_(std::move(name)) {
  slots_.push_back({.shape = shape, .codes = std::move(codes)});
}

const Kernels& Pipeline::kernels_of(Id id) const {
  return slots_[id].codes.steps.empty() ? uncoded(kernels_) : kernels_;
}

Pipeline::Id Pipeline::add(Node node, std::vector<Slot> slots) {
  const Id first = slots_.size();
  for (Slot& slot : slots) {
    node.to.push_back(slots_.size());
    slot.node = static_cast<int>(nodes_.size());
    slots_.push_back(std::move(slot));
  }
  nodes_.push_back(std::move(node));
  return first;
}

Pipeline::Id Pipeline::add_patches() {
  constexpr int side = (input_side - 3) / 2 + 1;
  return add({.kind = Kind::patches},
             {{.shape = dense(nullptr, side, side, patch_channels, uncoded(kernels_).value_bytes)}});
}

Pipeline::Id Pipeline::add_convolution(std::string name, const Geometry& geometry, const std::vector<Layer>& layers,
                                       Id from) {
  const View& in = slots_[from].shape;
  Node node = {.name = std::move(name),
               .kind = Kind::convolution,
               .from = from,
               .kernel = geometry.kernel_height,
               .stride = geometry.stride,
               .pad = geometry.pad_height};
  node.convolution.emplace(kernels_of(from), geometry, layers, in, slots_[from].codes, &weights_);
  const Convolution& c = *node.convolution;
  std::vector<Slot> slots;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const int bytes = layers[i].codes.steps.empty() ? uncoded(kernels_).value_bytes : kernels_.value_bytes;
    slots.push_back({.shape = layers[i].fine ? dense_fine(nullptr, c.out_height(), c.out_width(), c.out_channels(i))
                                             : dense(nullptr, c.out_height(), c.out_width(), c.out_channels(i), bytes),
                     .codes = layers[i].codes,
                     .layer = layers[i].name});
  }
  return add(std::move(node), std::move(slots));
}

Pipeline::Id Pipeline::add_max_pool(int stride, Id from) {
  const View& in = slots_[from].shape;
  const int pad = stride == 1 ? 1 : 0;
  const auto after = [&](int size) { return (size + 2 * pad - 3) / stride + 1; };
  const View shape = dense(nullptr, after(in.height), after(in.width), in.channels, in.value_bytes);
  return add({.kind = Kind::max_pool, .from = from, .kernel = 3, .stride = stride, .pad = pad},
             {{.shape = shape, .codes = slots_[from].codes}});
}

Pipeline::Id Pipeline::add_average_pool(const Layer& layer, bool count_padding, Id from) {
  View shape = slots_[from].shape;
  if (!layer.codes.steps.empty())
    shape = dense(nullptr, shape.height, shape.width, shape.channels, kernels_.value_bytes);
  Node node = {.kind = Kind::average_pool,
               .from = from,
               .kernel = 3,
               .pad = 1,
               .bias = layer.bias,
               .count_padding = count_padding};
  for (const float step : layer.codes.steps) node.to_codes.push_back(1.0F / step);
  return add(std::move(node), {{.shape = shape, .codes = layer.codes, .layer = layer.name}});
}

void Pipeline::emit(Id id) {
  Slot& slot = slots_[id];
  if (output_.channels > 0 && output_.value_bytes != slot.shape.value_bytes)
    throw Error({.stage = "open network",
                 .cause = fmt::format("the calibration covers {} in part only", name_),
                 .advice = "calibrate the weights again: pool3 convert --calibrate"});
  slot.emitted = true;
  slot.at = static_cast<std::int64_t>(output_.channels) * slot.shape.value_bytes;
  output_ = dense(nullptr, slot.shape.height, slot.shape.width, output_.channels + slot.shape.channels,
                  slot.shape.value_bytes);
  const auto append = [](std::vector<float>& to, const std::vector<float>& more) {
    to.insert(to.end(), more.begin(), more.end());
  };
  append(output_codes_.steps, slot.codes.steps);
  append(output_codes_.means, slot.codes.means);
}

void Pipeline::plan(int rows_at_once) {
  rows_at_once_ = rows_at_once;
  Run trial{.views = {}, .made = std::vector<int>(nodes_.size()), .rows = std::vector<int>(slots_.size())};
  for (int row = 0; row < output_.height; row += rows_at_once_)
    for (const Slot& slot : slots_)
      if (slot.emitted)
        make_rows(trial, static_cast<std::size_t>(slot.node), std::min(row + rows_at_once_, output_.height));
  for (Id id = 1; id < slots_.size(); ++id) {
    Slot& slot = slots_[id];
    if (slot.emitted) continue;
    slot.shape.rows = trial.rows[id];
    slot.at = scratch_bytes_;
    scratch_bytes_ += (bytes_of(slot.shape) + 63) / 64 * 64;
  }
}

void Pipeline::run(const Source& source, const View& out, std::byte* scratch, const Watch& watch) const {
  Run run{.source = &source, .watch = &watch, .views = {}, .made = std::vector<int>(nodes_.size()), .rows = {}};
  for (const Slot& slot : slots_) {
    View view = slot.shape;
    view.data = scratch + slot.at;
    view.pictures = source.count;
    if (slot.emitted) {
      view = out;
      view.pictures = source.count;
      view.data += slot.at;
      view.channels = slot.shape.channels;
    }
    run.views.push_back(view);
  }
  run.views[input] = source.activations;
  run.views[input].pictures = source.count;
  for (int row = 0; row < out.height; row += rows_at_once_)
    for (const Slot& slot : slots_)
      if (slot.emitted) make_rows(run, static_cast<std::size_t>(slot.node), std::min(row + rows_at_once_, out.height));
}

void Pipeline::make_rows(Run& run, std::size_t number, int rows) const {
  const Node& node = nodes_[number];
  const Slot& from = slots_[node.from];
  for (int& made = run.made[number]; made < rows;) {
    const int unit = node.convolution ? node.convolution->row_unit() : 1;
    const auto whole = [&](int count) { return (count + unit - 1) / unit * unit; };
    const int last = std::min({made + whole(rows_at_once_), whole(rows), slots_[node.to.front()].shape.height});
    if (from.node >= 0) {
      const auto source = static_cast<std::size_t>(from.node);
      make_rows(run, source, std::min(from.shape.height, (last - 1) * node.stride - node.pad + node.kernel));
      if (run.source == nullptr)
        run.rows[node.from] =
            std::max(run.rows[node.from], run.made[source] - std::max(made * node.stride - node.pad, 0));
    }
    if (run.source != nullptr) execute(run, node, made, last);
    made = last;
  }
}

void Pipeline::execute(Run& run, const Node& node, int first, int last) const {
  const View& from = run.views[node.from];
  const View& to = run.views[node.to.front()];
  if (node.kind == Kind::convolution)
    node.convolution->run(from, std::span(run.views).subspan(node.to.front(), node.to.size()), first, last);
  const Kernels& kernels = kernels_of(node.from);
  for (int y = first; y < last; ++y) {
    if (node.kind == Kind::patches) uncoded(kernels_).patches(run.source->pictures.data(), run.source->count, y, to);
    if (node.kind == Kind::max_pool) kernels.max_pool(from, node.stride, y, to);
    if (node.kind == Kind::average_pool)
      kernels.average_pool(from, node.bias.data(), node.to_codes.empty() ? nullptr : node.to_codes.data(),
                           node.count_padding, y, to);
    if (!*run.watch) continue;
    for (const Id id : node.to)
      (*run.watch)(
          {.step = node.name, .layer = slots_[id].layer, .view = run.views[id], .codes = slots_[id].codes, .y = y});
  }
}

}  // namespace pool3::network
