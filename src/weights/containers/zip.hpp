#pragma once
// Zip archives whose entries are stored, not compressed: what torch.save writes.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pool3::weights {

/// A view of an archive in memory, which must outlive it.
class ZipArchive {
 public:
  /// Reads the central directory. Throws FormatError.
  explicit ZipArchive(std::string_view bytes);
  [[nodiscard]] bool contains(std::string_view name) const { return entries_.contains(name); }
  [[nodiscard]] std::vector<std::string_view> names() const;
  /// Bytes of an entry, with their checksum checked. Throws FormatError if there is none, or it is compressed or
  /// encrypted.
  [[nodiscard]] std::string_view read(std::string_view name) const;

 private:
  struct Entry {
    std::uint16_t flags, method;
    std::uint32_t checksum, stored_bytes, bytes, offset;
  };
  std::string_view bytes_;
  std::map<std::string_view, Entry> entries_;
};

[[nodiscard]] bool looks_like_zip(std::string_view bytes);

}  // namespace pool3::weights
