#pragma once
// What ONNX graphs are made of, as fields of a GraphProto: nodes, tensors, inputs and outputs. They are joined in any
// order, but a node comes after those that make its inputs. Field numbers are those of onnx.proto.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pool3::exchange::onnx {

/// Of tensors: TensorProto.DataType.
enum class ElementType : std::uint8_t { float32 = 1, uint8 = 2, int8 = 3, int16 = 5, int64 = 7, text = 8 };

// Attributes of a node; several are joined.
[[nodiscard]] std::string attribute(const std::string& name, std::uint64_t value);
[[nodiscard]] std::string attribute(const std::string& name, const std::string& text);
[[nodiscard]] std::string attribute(const std::string& name, const std::vector<double>& values);
[[nodiscard]] std::string attribute(const std::string& name, const std::vector<std::int64_t>& values);
/// Texts are UTF-8 in ONNX: utf8_text() of each.
[[nodiscard]] std::string attribute(const std::string& name, const std::vector<std::string>& texts);
[[nodiscard]] std::string float_attribute(const std::string& name, double value);

/// Its own name comes from its first output.
[[nodiscard]] std::string node(const std::string& kind, const std::vector<std::string>& inputs,
                               const std::vector<std::string>& outputs, const std::string& attributes = {},
                               const std::string& domain = {});

// Constants.
[[nodiscard]] std::string tensor(const std::string& name, const std::vector<double>& values,
                                 const std::vector<std::size_t>& shape);
/// The same.
[[nodiscard]] std::string text_tensor(const std::string& name, const std::vector<std::string>& texts);
/// `bytes`: the elements, little-endian.
[[nodiscard]] std::string raw_tensor(const std::string& name, ElementType type, const std::vector<std::int64_t>& shape,
                                     std::span<const std::byte> bytes);
/// Of rank 0 if `shape` is empty.
[[nodiscard]] std::string integers(const std::string& name, const std::vector<std::int64_t>& values,
                                   const std::vector<std::int64_t>& shape);

/// An input or output: `sides` by name, then one of `width`, unless it is 0.
[[nodiscard]] std::string value_info(const std::string& name, const std::vector<std::string>& sides, std::size_t width,
                                     ElementType type = ElementType::float32);
/// [N], or [N, width].
[[nodiscard]] std::string value_info(const std::string& name, std::size_t width,
                                     ElementType type = ElementType::float32);
[[nodiscard]] std::string as_input(const std::string& value);
[[nodiscard]] std::string as_output(const std::string& value);

/// A constant that is stored in fewer bits, and whose rows begin at `rows` numbers each: node and tensors that make
/// `name` in floats. `bits`: 8 or 16. REQUIRES: no row is empty.
[[nodiscard]] std::string quantised_tensor(const std::string& name, std::span<const float> values,
                                           const std::vector<std::int64_t>& shape, int bits);

}  // namespace pool3::exchange::onnx
