#pragma once
// Protocol buffers on the wire: fields one after the other, without a schema.

#include <cstdint>
#include <optional>
#include <string_view>

#include "weights/containers/byte_reader.hpp"

namespace pool3::weights {

struct WireField {
  enum class Kind : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };
  std::uint32_t number = 0;
  Kind kind = Kind::varint;
  std::uint64_t value = 0;  ///< of a number: its bits
  std::string_view bytes;   ///< of a string, a message or a packed list

  [[nodiscard]] bool is(std::uint32_t wanted, Kind as) const { return number == wanted && kind == as; }
};

/// The fields of one message, in order. Throws FormatError for a message that isn't whole.
class WireReader {
 public:
  explicit WireReader(std::string_view message) : bytes_(message) {}
  [[nodiscard]] std::optional<WireField> next();

 private:
  std::uint64_t varint();
  ByteReader bytes_;
};

}  // namespace pool3::weights
