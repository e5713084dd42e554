#pragma once
// What ONNX files are made of: a message is a run of (field number, wire type, value).

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace pool3::exchange::protobuf {

inline void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

[[nodiscard]] inline std::string number(int field, std::uint64_t value) {
  std::string out;
  append_varint(out, static_cast<std::uint64_t>(field) << 3);
  append_varint(out, value);
  return out;
}

/// What stands before so many bytes.
[[nodiscard]] inline std::string head(int field, std::size_t bytes) {
  std::string out;
  append_varint(out, static_cast<std::uint64_t>(field) << 3 | 2);
  append_varint(out, bytes);
  return out;
}
/// Text, bytes or a message.
[[nodiscard]] inline std::string part(int field, const std::string& bytes) { return head(field, bytes.size()) + bytes; }

/// Little-endian floats.
[[nodiscard]] inline std::string floats(const std::vector<double>& values) {
  std::string data;
  data.reserve(4 * values.size());
  for (const double v : values) {
    const auto single = static_cast<float>(v);
    std::uint32_t bits = 0;
    std::memcpy(&bits, &single, sizeof bits);
    for (int i = 0; i < 4; ++i) data += static_cast<char>(bits >> (8 * i) & 0xFF);
  }
  return data;
}

}  // namespace pool3::exchange::protobuf
