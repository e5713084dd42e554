#pragma once
// The bytes of a file, or of an entry of a zip, in order and unpacked.

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "pool3/files.hpp"

struct archive;

namespace pool3::exchange {

inline constexpr const char* import_stage = "import";

/// Throws Error at its place where bytes can't be had.
class Stream {
 public:
  /// A file; unpacked if it is compressed.
  explicit Stream(const std::string& path);
  /// An entry of a zip. Throws Error if there is none of that name.
  Stream(const std::string& zip, const std::string& entry);
  /// A zip before its first entry.
  [[nodiscard]] static Stream of_zip(const std::string& zip);
  /// Moves to the next entry of a zip; false behind the last.
  [[nodiscard]] bool next(std::string& entry);
  /// Bytes read; fewer than asked for only at the end.
  [[nodiscard]] std::size_t read(std::span<char> out);
  [[nodiscard]] const Place& place() const { return place_; }

 private:
  enum class Kind : std::uint8_t { file, zip };
  Stream(const std::string& path, Kind kind);
  [[nodiscard]] Error failure() const;
  Place place_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  bool empty_ = false;
  std::size_t entries_ = 0;
};

/// Lines of a text, without their ends (LF, CRLF, or CR where the beginning has no LF), nor a byte order mark in front
/// of all. A line has 64 MiB at most.
class Lines {
 public:
  explicit Lines(const std::string& path) : stream_(path) {}
  /// False at the end. Throws Error.
  [[nodiscard]] bool next(std::string& line);
  /// Of the last line, from 1.
  [[nodiscard]] std::int64_t number() const { return number_; }
  [[nodiscard]] const Place& place() const { return stream_.place(); }

 private:
  void read_on();
  Stream stream_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::int64_t number_ = 0;
  bool ended_ = false, returns_alone_ = false;
};

}  // namespace pool3::exchange
