#pragma once
// Reading files by descriptor. Private to the room.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace pool3::corpus {

/// Owns an open file. Move-only.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

/// Throws ReadError if an entry of so many bytes is not to be read.
void check_size(std::int64_t bytes, std::int64_t max_bytes);
/// Exactly these bytes of an open file. Throws ReadError.
[[nodiscard]] std::vector<std::byte> read_bytes(int file, std::int64_t offset, std::int64_t bytes);
/// All of an open file. Throws ReadError, also if it is not a regular one or has more bytes.
[[nodiscard]] std::vector<std::byte> read_file(int file,
                                               std::int64_t max_bytes = std::numeric_limits<std::int64_t>::max());

}  // namespace pool3::corpus
