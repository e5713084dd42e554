#include "weights/makers/torch/state_dict.hpp"

#include <fmt/format.h>

#include "weights/refusals.hpp"

namespace pool3::weights {
namespace {

using Kind = PickleValue::Kind;

constexpr std::size_t most_axes = 8;

[[noreturn]] void fail(const std::string& cause) { throw FormatError(fmt::format("a broken state_dict: {}", cause)); }

/// Where a tensor's elements are in its storage.
struct View {
  std::uint64_t offset = 0;
  Shape shape;
  Shape strides;
};

std::int64_t integer_of(const PickleValue& value) {
  if (value.kind != Kind::integer || value.integer < 0) fail("a size or an offset that is no number");
  return value.integer;
}

Shape integers_of(const Pickle& pickle, const PickleValue& tuple) {
  if (tuple.kind != Kind::tuple || tuple.items.size() > most_axes) fail("a tensor without a shape");
  Shape out;
  for (const Pickle::Place place : tuple.items) out.push_back(integer_of(pickle[place]));
  return out;
}

/// Place of the view's last element. Throws unless every element of `view` is one of `elements`.
std::uint64_t checked_last(const View& view, std::uint64_t elements, const std::string& name) {
  if (view.strides.size() != view.shape.size()) fail(fmt::format("'{}' has strides for another shape", name));
  std::uint64_t last = view.offset;
  for (std::size_t axis = 0; axis < view.shape.size(); ++axis) {
    const auto steps = static_cast<std::uint64_t>(view.shape[axis] - 1);
    const auto stride = static_cast<std::uint64_t>(view.strides[axis]);
    if (last >= elements || (steps != 0 && stride > (elements - last) / steps)) {
      fail(fmt::format("'{}' leaves its storage", name));
    }
    last += steps * stride;
  }
  if (last >= elements) fail(fmt::format("'{}' leaves its storage", name));
  return last;
}

bool is_contiguous(const View& view) {
  std::int64_t stride = 1;
  for (std::size_t axis = view.shape.size(); axis-- > 0;) {
    if (view.shape[axis] != 1 && view.strides[axis] != stride) return false;
    stride *= view.shape[axis];
  }
  return true;
}

/// The elements of a view, in row-major order. `storage` begins with its first element.
std::vector<float> gather(const View& view, std::vector<float> storage, std::uint64_t count) {
  if (is_contiguous(view)) return storage;
  std::vector<float> out;
  out.reserve(count);
  Shape index(view.shape.size(), 0);
  while (out.size() < count) {
    std::uint64_t at = 0;
    for (std::size_t axis = 0; axis < index.size(); ++axis) {
      at += static_cast<std::uint64_t>(index[axis] * view.strides[axis]);
    }
    out.push_back(storage[at]);
    for (std::size_t axis = index.size(); axis-- > 0;) {
      if (++index[axis] < view.shape[axis]) break;
      index[axis] = 0;
    }
  }
  return out;
}

}  // namespace

StateDict::StateDict(const Pickle& pickle) : pickle_(pickle) {
  const PickleValue& dict = pickle.result();
  if (dict.kind != Kind::dict) fail("it holds no dict");
  for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const PickleValue& key = pickle[dict.items[i]];
    if (key.kind != Kind::text || pickle[dict.items[i + 1]].kind != Kind::tensor) continue;
    tensors_.insert_or_assign(std::string(key.text), dict.items[i + 1]);
  }
}

std::optional<Tensor> StateDict::read(const std::string& name, const Shape& shape, const ReadStorage& read) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) return std::nullopt;
  const auto& arguments = pickle_[found->second].items;
  if (arguments.size() < 4) fail(fmt::format("'{}' is no tensor", name));
  const StorageId id = storage_id(pickle_, pickle_[arguments[0]]);
  const View view = {.offset = static_cast<std::uint64_t>(integer_of(pickle_[arguments[1]])),
                     .shape = integers_of(pickle_, pickle_[arguments[2]]),
                     .strides = integers_of(pickle_, pickle_[arguments[3]])};
  const auto count = element_count(view.shape, id.elements);
  if (view.shape != shape || !id.type || !count || *count == 0) refuse_shape(name);
  const std::uint64_t last = checked_last(view, id.elements, name);
  std::string_view bytes = read(id.key);
  if (bytes.size() / id.element_bytes() != id.elements || bytes.size() % id.element_bytes() != 0) {
    fail(fmt::format("the storage of '{}' has the wrong size", name));
  }
  bytes = bytes.substr(view.offset * id.element_bytes(), (last - view.offset + 1) * id.element_bytes());
  return Tensor{.shape = view.shape, .values = gather(view, floats_of(bytes, *id.type), *count)};
}

/// ('storage', type, key, device, elements), and in old files a sixth: the storage that it is a view of, or None.
StorageId storage_id(const Pickle& pickle, const PickleValue& storage) {
  if (storage.kind != Kind::storage || storage.items.size() < 5) fail("a tensor without a storage");
  const PickleValue& type = pickle[storage.items[1]];
  const PickleValue& key = pickle[storage.items[2]];
  if (type.kind != Kind::global || key.kind != Kind::text) fail("a storage without a type or a key");
  if (storage.items.size() > 5 && pickle[storage.items[5]].kind != Kind::none)
    fail("a storage that is part of another");
  static const std::map<std::string_view, std::optional<FloatType>> types = {
      {"torch\nFloatStorage", FloatType::f32},
      {"torch\nHalfStorage", FloatType::f16},
      {"torch\nBFloat16Storage", FloatType::bf16},
      {"torch\nLongStorage", std::nullopt}};
  const auto found = types.find(type.text);
  if (found == types.end()) fail("a storage of an unknown type");
  return {.key = std::string(key.text),
          .type = found->second,
          .elements = static_cast<std::uint64_t>(integer_of(pickle[storage.items[4]]))};
}

}  // namespace pool3::weights
