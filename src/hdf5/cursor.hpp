#pragma once
// Bytes of an HDF5 file read in order, with what the format adds to numbers.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "pool3/hdf5.hpp"
#include "pool3/numbers/byte_reader.hpp"

namespace pool3::hdf5 {

[[noreturn]] inline void broken(const std::string& cause) { throw Hdf5Error(Hdf5Error::Kind::broken, cause); }
[[noreturn]] inline void unknown(const std::string& cause) { throw Hdf5Error(Hdf5Error::Kind::unknown, cause); }

struct EndsTooEarly {
  [[noreturn]] void operator()() const { broken("it ends too early"); }
};

/// Throws Hdf5Error instead of reading past the end.
class Cursor : public ByteReader<EndsTooEarly> {
 public:
  using ByteReader::ByteReader;

  /// A number of 1 to 8 bytes.
  [[nodiscard]] std::uint64_t number(std::uint64_t bytes) {
    std::uint64_t value = 0;
    const std::string_view taken = take(bytes);
    std::memcpy(&value, taken.data(), std::min<std::size_t>(taken.size(), sizeof value));
    return value;
  }
  /// Text up to a NUL, which is taken too.
  [[nodiscard]] std::string_view text() {
    const std::size_t length = rest().find('\0');
    if (length == std::string_view::npos) broken("a name without an end");
    const std::string_view taken = take(length);
    skip(1);
    return taken;
  }
  /// To the next multiple of 8 from `begin` on, or the end.
  void align(std::uint64_t begin) { skip(std::min<std::uint64_t>(left(), (8 - (place() - begin) % 8) % 8)); }
};

}  // namespace pool3::hdf5
