#include "weights/makers/tensorflow/graph_tensor.hpp"

#include <fmt/format.h>

#include <bit>

#include "weights/containers/protobuf.hpp"
#include "weights/floats.hpp"
#include "weights/refusals.hpp"

namespace pool3::weights {
namespace {

using Kind = WireField::Kind;

constexpr std::size_t most_axes = 8;

[[noreturn]] void refuse_size(const std::string& name) {
  throw FormatError(fmt::format("'{}' has another number of values than its shape says", name));
}

/// TensorShapeProto.
Shape read_shape(std::string_view message, const std::string& name) {
  Shape shape;
  WireReader fields(message);
  while (const auto field = fields.next()) {
    if (!field->is(2, Kind::bytes)) continue;
    if (shape.size() == most_axes) refuse_shape(name);
    shape.push_back(0);
    WireReader dimension(field->bytes);
    while (const auto part = dimension.next()) {
      if (part->is(1, Kind::varint)) shape.back() = std::bit_cast<std::int64_t>(part->value);
    }
  }
  return shape;
}

/// The fields of a TensorProto that matter.
struct Parts {
  std::uint64_t type = 0;
  Shape shape;
  std::string_view content;   ///< the values' bytes, or
  std::vector<float> values;  ///< the values one by one; if there are too few, the last one is repeated
};

/// float_val: packed or one by one, at most `most`.
void add_values(const WireField& field, std::uint64_t most, const std::string& name, std::vector<float>& values) {
  if (field.is(5, Kind::fixed32)) {
    if (values.size() == most) refuse_size(name);
    values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(field.value)));
  } else if (field.is(5, Kind::bytes)) {
    const std::uint64_t count = field.bytes.size() / sizeof(float);
    if (field.bytes.size() % sizeof(float) != 0 || count > most - values.size()) refuse_size(name);
    const std::vector<float> more = floats_of(field.bytes, FloatType::f32);
    values.insert(values.end(), more.begin(), more.end());
  }
}

Parts read_parts(std::string_view message, std::uint64_t most, const std::string& name) {
  Parts parts;
  WireReader fields(message);
  while (const auto field = fields.next()) {
    if (field->is(1, Kind::varint)) parts.type = field->value;
    if (field->is(2, Kind::bytes)) parts.shape = read_shape(field->bytes, name);
    if (field->is(4, Kind::bytes)) parts.content = field->bytes;
    if (field->number == 5) add_values(*field, most, name, parts.values);
  }
  return parts;
}

FloatType float_type(std::uint64_t type, const std::string& name) {
  if (type == 1) return FloatType::f32;
  if (type == 14) return FloatType::bf16;
  if (type == 19) return FloatType::f16;
  refuse_shape(name);
}

}  // namespace

std::string_view attribute_tensor(std::string_view attribute) {
  WireReader fields(attribute);
  while (const auto field = fields.next()) {
    if (field->is(8, Kind::bytes)) return field->bytes;
  }
  throw FormatError("a constant without a tensor");
}

Tensor read_tensor_proto(std::string_view message, const Shape& shape, const std::string& name) {
  const std::uint64_t count = element_count(shape, std::uint64_t{1} << 32U).value_or(0);
  Parts parts = read_parts(message, count, name);
  const FloatType type = float_type(parts.type, name);
  if (parts.shape != shape) refuse_shape(name);
  if (!parts.content.empty()) {
    if (parts.content.size() != count * bytes_of(type)) refuse_size(name);
    return {.shape = shape, .values = floats_of(parts.content, type)};
  }
  if (parts.values.empty()) refuse_size(name);
  parts.values.resize(count, parts.values.back());
  return {.shape = shape, .values = std::move(parts.values)};
}

}  // namespace pool3::weights
