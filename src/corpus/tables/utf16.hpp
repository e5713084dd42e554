#pragma once
// UTF-16, as programs of Windows write it, to UTF-8. Private to the room.

#include <cstdint>
#include <string>
#include <string_view>

namespace pool3::corpus {

/// Takes a text in pieces, wherever they are cut.
class Utf16 {
 public:
  explicit Utf16(bool little_endian) : little_(little_endian) {}
  /// Adds UTF-8 to `text`. Half of a pair alone becomes U+FFFD.
  void add(std::string_view bytes, std::string& text);

 private:
  void unit(std::uint32_t value, std::string& text);
  bool little_;
  bool has_byte_ = false;
  unsigned char byte_ = 0;  ///< the first of a unit whose second is still to come
  std::uint32_t high_ = 0;  ///< the first half of a pair, or 0
};

}  // namespace pool3::corpus
