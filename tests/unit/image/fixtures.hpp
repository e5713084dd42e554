#pragma once
// The pictures in tests/data/images and what they must decode to.

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "pool3/image.hpp"
#include "support/slurp.hpp"

namespace pool3::test {

using Buffer = std::vector<std::byte>;

struct Fixture {
  std::string name;
  Image expected;
  Buffer bytes;
};

inline std::string data_path(const std::string& name) { return POOL3_SOURCE_DIR "/tests/data/" + name; }

inline Buffer to_buffer(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

inline Buffer read_bytes(const std::string& path) { return to_buffer(slurp(path)); }

inline std::vector<std::uint8_t> bytes_of_hex(const std::string& hex) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

inline std::vector<Fixture> load_fixtures() {
  std::vector<Fixture> fixtures;
  std::ifstream list(data_path("images/expected.txt"));
  Fixture f;
  for (std::string hex; list >> f.name >> f.expected.width >> f.expected.height >> hex;) {
    f.expected.pixels = bytes_of_hex(hex);
    f.bytes = read_bytes(data_path("images/" + f.name));
    fixtures.push_back(f);
  }
  return fixtures;
}

inline Buffer fixture_bytes(const std::string& name) { return read_bytes(data_path("images/" + name)); }

/// The status that decode() throws; `done` when it gives a picture.
inline RowStatus status_of(std::span<const std::byte> bytes, const DecodeOptions& options = {}) {
  try {
    static_cast<void>(decode(bytes, options));
    return RowStatus::done;
  } catch (const ImageError& error) {
    return error.status();
  }
}

/// CRC-32 of PNG, bit by bit.
inline std::uint32_t crc32_of(std::span<const std::byte> bytes) {
  std::uint32_t crc = ~0U;
  for (const std::byte b : bytes) {
    crc ^= std::to_integer<std::uint32_t>(b);
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1U) * 0xEDB88320U);
  }
  return ~crc;
}

inline std::uint32_t big_endian(std::span<const std::byte> bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(bytes[at + i]);
  return value;
}

inline void put_big_endian(Buffer& bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::byte>(value >> (24 - 8 * i));
}

/// Makes the checksums of all whole PNG chunks right again, so that damage reaches the code behind them.
inline void repair_checksums(Buffer& bytes) {
  for (std::size_t at = 8; at + 12 <= bytes.size();) {
    const std::size_t size = big_endian(bytes, at);
    if (size > bytes.size() - at - 12) return;
    put_big_endian(bytes, at + 8 + size, crc32_of(std::span(bytes).subspan(at + 4, size + 4)));
    at += 12 + size;
  }
}

}  // namespace pool3::test
