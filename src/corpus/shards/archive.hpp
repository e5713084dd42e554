#pragma once
// libarchive's reader with its errors checked. Private to the room.

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <span>
#include <string>

namespace pool3::corpus {

/// What next() found. A tar file that ends without its end block is damaged.
enum class Step { entry, end, damage };

/// A stream of entries. Move-only.
class Archive {
 public:
  /// Throws Error: can't be opened, not a tar file.
  explicit Archive(std::string path);
  Archive(std::string path, std::span<const char> bytes);

  [[nodiscard]] Step next();
  /// REQUIRES: next() gave an entry.
  [[nodiscard]] archive_entry* entry() const { return entry_; }
  /// Where the bytes of the entry begin in the unpacked stream. REQUIRES: none of them was read.
  [[nodiscard]] std::int64_t offset() const { return archive_filter_bytes(archive_.get(), 0); }
  /// Bytes of the entry, at most `buffer`; 0 at its end, negative for damage.
  [[nodiscard]] std::int64_t read(std::span<char> buffer);
  /// Why next() or read() saw damage.
  [[nodiscard]] std::string damage() const;

 private:
  void check_open(int result) const;
  [[noreturn]] void fail_to_open() const;
  struct Free {
    void operator()(archive* a) const { archive_read_free(a); }
  };
  std::string path_;
  std::string damage_;  ///< in this class's own words
  std::unique_ptr<archive, Free> archive_;
  archive_entry* entry_ = nullptr;
};

}  // namespace pool3::corpus
