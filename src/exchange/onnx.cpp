// ONNX is a protobuf: a message is a run of (field number, wire type, value). Field numbers are those of onnx.proto.

#include <cstdint>
#include <cstring>
#include <vector>

#include "exchange/formats.hpp"

namespace pool3::exchange {
namespace {

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

std::string number(int field, std::uint64_t value) {
  std::string out;
  append_varint(out, static_cast<std::uint64_t>(field) << 3);
  append_varint(out, value);
  return out;
}

/// Text, bytes or a message.
std::string part(int field, const std::string& bytes) {
  std::string out;
  append_varint(out, static_cast<std::uint64_t>(field) << 3 | 2);
  append_varint(out, bytes.size());
  return out + bytes;
}

constexpr std::uint64_t float_type = 1;

std::string tensor(const std::string& name, const std::vector<double>& values, const std::vector<std::size_t>& shape) {
  std::string out, data;
  for (const std::size_t side : shape) out += number(1, side);
  for (const double v : values) {
    const auto single = static_cast<float>(v);
    std::uint32_t bits = 0;
    std::memcpy(&bits, &single, sizeof bits);
    for (int i = 0; i < 4; ++i) data += static_cast<char>(bits >> (8 * i) & 0xFF);
  }
  return out + number(2, float_type) + part(8, name) + part(9, data);
}

/// [N, width] floats.
std::string value_info(const std::string& name, std::size_t width) {
  const std::string shape = part(1, part(2, "N")) + part(1, number(1, width));
  return part(1, name) + part(2, part(1, number(1, float_type) + part(2, shape)));
}

}  // namespace

std::string onnx_bytes(const ExportSource& source) {
  const Model& model = source.model;
  const std::size_t classes = model.classes.size(), width = static_cast<std::size_t>(model.width());
  const std::string transposed = part(1, "transB") + number(3, 1) + number(20, 2);
  const std::string node = part(1, "features") + part(1, "coef") + part(1, "intercept") + part(2, "scores") +
                           part(3, "svm") + part(4, "Gemm") + part(5, transposed);
  const std::string graph = part(1, node) + part(2, "pool3_svm") +
                            part(5, tensor("coef", model.coef, {classes, width})) +
                            part(5, tensor("intercept", model.intercept, {classes})) +
                            part(11, value_info("features", width)) + part(12, value_info("scores", classes));
  std::string names;
  for (const std::string& name : model.classes) names += name + "\n";
  return number(1, 7) + part(2, "pool3") + part(3, source.version) + part(7, graph) +
         part(8, part(1, "") + number(2, 13)) + part(14, part(1, "classes") + part(2, names));
}

}  // namespace pool3::exchange
