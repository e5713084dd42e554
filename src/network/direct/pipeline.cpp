#include "network/direct/pipeline.hpp"

#include <algorithm>
#include <utility>

namespace pool3::direct {
View dense(std::byte* data, int height, int width, int channels, int value_bytes) {
  const std::int64_t stride = static_cast<std::int64_t>(channels) * value_bytes;
  return {.data = data,
          .height = height,
          .width = width,
          .channels = channels,
          .rows = height,
          .stride = stride,
          .step = lanes * stride,
          .row_bytes = width * lanes * stride};
}

std::int64_t bytes_of(const View& view) { return view.rows * view.row_bytes; }

struct Pipeline::Run {
  const Source* source = nullptr;  ///< null: plan() tries the order of things, nothing is computed
  const Watch* watch = nullptr;
  std::vector<View> views;  ///< by slot
  std::vector<int> made;    ///< rows, by node
  std::vector<int> rows;    ///< that each slot must hold, noted for plan()
};

Pipeline::Pipeline(const Kernels& kernels, std::string name, const View& shape)
    : kernels_(kernels), name_(std::move(name)) {
  slots_.push_back({.shape = shape});
}

Pipeline::Id Pipeline::add(Node node, const std::vector<View>& shapes) {
  const Id first = slots_.size();
  for (const View& shape : shapes) {
    node.to.push_back(slots_.size());
    slots_.push_back({.shape = shape, .node = static_cast<int>(nodes_.size())});
  }
  nodes_.push_back(std::move(node));
  return first;
}

Pipeline::Id Pipeline::add_patches() {
  constexpr int side = (input_side - 3) / 2 + 1;
  return add({.kind = Kind::patches}, {dense(nullptr, side, side, patch_channels, kernels_.value_bytes)});
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
  node.convolution.emplace(kernels_, geometry, layers, in.height, in.width);
  const Convolution& c = *node.convolution;
  std::vector<View> shapes;
  for (std::size_t i = 0; i < layers.size(); ++i)
    shapes.push_back(dense(nullptr, c.out_height(), c.out_width(), c.out_channels(i), kernels_.value_bytes));
  return add(std::move(node), shapes);
}

Pipeline::Id Pipeline::add_max_pool(int stride, Id from) {
  const View& in = slots_[from].shape;
  const int pad = stride == 1 ? 1 : 0;
  const auto after = [&](int size) { return (size + 2 * pad - 3) / stride + 1; };
  return add({.kind = Kind::max_pool, .from = from, .kernel = 3, .stride = stride, .pad = pad},
             {dense(nullptr, after(in.height), after(in.width), in.channels, kernels_.value_bytes)});
}

Pipeline::Id Pipeline::add_average_pool(std::vector<float> bias, bool count_padding, Id from) {
  return add({.kind = Kind::average_pool,
              .from = from,
              .kernel = 3,
              .pad = 1,
              .bias = std::move(bias),
              .count_padding = count_padding},
             {slots_[from].shape});
}

void Pipeline::emit(Id id) {
  Slot& slot = slots_[id];
  slot.emitted = true;
  slot.at = static_cast<std::int64_t>(output_.channels) * kernels_.value_bytes;
  output_ =
      dense(nullptr, slot.shape.height, slot.shape.width, output_.channels + slot.shape.channels, kernels_.value_bytes);
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
    if (slot.emitted) {
      view = out;
      view.data += slot.at;
      view.channels = slot.shape.channels;
    }
    run.views.push_back(view);
  }
  run.views[input] = source.activations;
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
  for (int y = first; y < last; ++y) {
    if (node.kind == Kind::patches) kernels_.patches(run.source->pictures.data(), run.source->count, y, to);
    if (node.kind == Kind::max_pool) kernels_.max_pool(from, node.stride, y, to);
    if (node.kind == Kind::average_pool) kernels_.average_pool(from, node.bias.data(), node.count_padding, y, to);
    if (*run.watch && !node.name.empty()) (*run.watch)(node.name, to, y);
  }
}

}  // namespace pool3::direct
