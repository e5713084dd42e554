#include "exchange/onnx/graph_parts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "exchange/protobuf_writer.hpp"
#include "pool3/error.hpp"

namespace pool3::exchange::onnx {
namespace {

using protobuf::floats;
using protobuf::number;
using protobuf::part;

enum AttributeType : std::uint8_t {
  of_float = 1,
  of_int = 2,
  of_string = 3,
  of_floats = 6,
  of_ints = 7,
  of_strings = 8
};

std::string typed(const std::string& name, const std::string& value, AttributeType type) {
  return part(5, part(1, name) + value + number(20, type));
}

std::uint64_t code(ElementType type) { return static_cast<std::uint64_t>(type); }

/// Values of one row by its step.
template <typename Code>
struct Codes {
  std::vector<Code> codes;
  std::vector<float> steps;  ///< one a row
};
template <typename Code>
Codes<Code> quantise(std::span<const float> values, std::size_t rows) {
  constexpr auto most = static_cast<float>(std::numeric_limits<Code>::max());
  Codes<Code> out;
  out.codes.reserve(values.size());
  const std::size_t width = values.size() / rows;
  for (std::size_t row = 0; row < rows; ++row) {
    const auto some = values.subspan(row * width, width);
    float largest = 0;
    for (const float v : some) largest = std::max(largest, std::abs(v));
    const float step = largest > 0 ? largest / most : 1;
    out.steps.push_back(step);
    for (const float v : some) out.codes.push_back(static_cast<Code>(std::lrint(v / step)));
  }
  return out;
}

}  // namespace

std::string attribute(const std::string& name, std::uint64_t value) { return typed(name, number(3, value), of_int); }
std::string attribute(const std::string& name, const std::string& text) {
  return typed(name, part(4, text), of_string);
}
std::string attribute(const std::string& name, const std::vector<double>& values) {
  return typed(name, part(7, floats(values)), of_floats);
}
std::string attribute(const std::string& name, const std::vector<std::int64_t>& values) {
  std::string packed;
  for (const std::int64_t v : values) protobuf::append_varint(packed, static_cast<std::uint64_t>(v));
  return typed(name, part(8, packed), of_ints);
}
std::string attribute(const std::string& name, const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += part(9, utf8_text(text));
  return typed(name, all, of_strings);
}
/// One float: field 2, four bytes.
std::string float_attribute(const std::string& name, double value) {
  return typed(name, std::string(1, static_cast<char>(2 << 3 | 5)) + floats({value}), of_float);
}

std::string node(const std::string& kind, const std::vector<std::string>& inputs,
                 const std::vector<std::string>& outputs, const std::string& attributes, const std::string& domain) {
  std::string message;
  for (const std::string& name : inputs) message += part(1, name);
  for (const std::string& name : outputs) message += part(2, name);
  message += part(3, outputs[0] + "_of_" + kind) + part(4, kind) + attributes;
  if (!domain.empty()) message += part(7, domain);
  return part(1, message);
}

std::string tensor(const std::string& name, const std::vector<double>& values, const std::vector<std::size_t>& shape) {
  std::string out;
  for (const std::size_t side : shape) out += number(1, side);
  return part(5, out + number(2, code(ElementType::float32)) + part(8, name) + part(9, floats(values)));
}

std::string text_tensor(const std::string& name, const std::vector<std::string>& texts) {
  std::string out = number(1, texts.size()) + number(2, code(ElementType::text)) + part(8, name);
  for (const std::string& text : texts) out += part(6, utf8_text(text));
  return part(5, out);
}

std::string raw_tensor(const std::string& name, ElementType type, const std::vector<std::int64_t>& shape,
                       std::span<const std::byte> bytes) {
  std::string out;
  for (const std::int64_t side : shape) out += number(1, static_cast<std::uint64_t>(side));
  out += number(2, code(type)) + part(8, name) + protobuf::head(9, bytes.size());
  return part(5, out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::string integers(const std::string& name, const std::vector<std::int64_t>& values,
                     const std::vector<std::int64_t>& shape) {
  return raw_tensor(name, ElementType::int64, shape, std::as_bytes(std::span(values)));
}

std::string value_info(const std::string& name, const std::vector<std::string>& sides, std::size_t width,
                       ElementType type) {
  std::string shape;
  for (const std::string& side : sides) shape += part(1, part(2, side));
  if (width > 0) shape += part(1, number(1, width));
  return part(1, name) + part(2, part(1, number(1, code(type)) + part(2, shape)));
}
std::string value_info(const std::string& name, std::size_t width, ElementType type) {
  return value_info(name, {"N"}, width, type);
}
std::string as_input(const std::string& value) { return part(11, value); }
std::string as_output(const std::string& value) { return part(12, value); }

std::string quantised_tensor(const std::string& name, std::span<const float> values,
                             const std::vector<std::int64_t>& shape, int bits) {
  const auto rows = static_cast<std::size_t>(shape.at(0));
  std::vector<std::int64_t> steps_shape(shape.size(), 1);
  steps_shape[0] = shape[0];
  const auto made = [&](ElementType type, const auto& quantised) {
    return node("Cast", {name + ".codes"}, {name + ".cast"}, attribute("to", code(ElementType::float32))) +
           node("Mul", {name + ".cast", name + ".steps"}, {name}) +
           raw_tensor(name + ".codes", type, shape, std::as_bytes(std::span(quantised.codes))) +
           raw_tensor(name + ".steps", ElementType::float32, steps_shape, std::as_bytes(std::span(quantised.steps)));
  };
  return bits == 8 ? made(ElementType::int8, quantise<std::int8_t>(values, rows))
                   : made(ElementType::int16, quantise<std::int16_t>(values, rows));
}

}  // namespace pool3::exchange::onnx
