#pragma once
// A text file, read byte by byte. Private to the room.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "corpus/tables/utf16.hpp"
#include "pool3/files.hpp"

namespace pool3::corpus {

/// Holds a piece of the file only. Files in UTF-16 with a byte order mark are read as UTF-8, and so are those that are
/// plainly Windows-1252, to the last byte, by their first character that is no ASCII. A byte order mark in front is
/// skipped. Lines of a file that end in carriage returns alone, in all that is held of it first, end in line feeds
/// here.
class TextInput {
 public:
  static constexpr int end = -1;
  /// Throws Error if it can't be opened, or is of a kind that is no table and no list (other_kinds.hpp).
  /// `folder`: that relative paths in it start from; "" for its own.
  explicit TextInput(const std::string& path, std::string folder = {});
  /// Text in memory, which must outlive this. `name` stands for its path.
  TextInput(std::string name, std::string_view text);

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Absolute, where relative paths in it start from; "" if unknown, and for text in memory.
  [[nodiscard]] const std::string& folder() const { return folder_; }
  /// False for text in memory.
  [[nodiscard]] bool is_file() const { return file_.is_open(); }
  /// What has been read was Windows-1252 in the file.
  [[nodiscard]] bool is_windows_1252() const { return encoding_ == Encoding::windows_1252; }
  /// That in words, for users, with a word of the file; "" if it was not.
  [[nodiscard]] std::string encoding_words() const;
  /// The byte that is `ahead` bytes from here (0 or 1), or `end`. Throws Error if it can't be read.
  [[nodiscard]] int peek(std::size_t ahead = 0) {
    return at_ + ahead < piece_.size() || refill(ahead) ? static_cast<unsigned char>(piece_[at_ + ahead]) : end;
  }
  /// Moves past the byte that peek() gave. REQUIRES: that was not `end`.
  void skip() { ++at_; }
  /// What is held of the text from here on: 1 MiB at the beginning, or all of it.
  [[nodiscard]] std::string_view ahead() {
    static_cast<void>(peek());
    return piece_.substr(std::min(at_, piece_.size()));
  }
  /// If `c` comes next, moves past it and returns true.
  [[nodiscard]] bool take(char c) {
    if (peek() != static_cast<unsigned char>(c)) return false;
    skip();
    return true;
  }
  /// The bytes that come next, up to the first that `stops` or the end of what is held; may be empty.
  template <typename Stops>
  [[nodiscard]] std::string_view take_until(Stops stops) {
    const std::size_t begin = at_;
    while (at_ < piece_.size() && !stops(piece_[at_])) ++at_;
    return piece_.substr(begin, at_ - begin);
  }

 private:
  bool refill(std::size_t ahead);
  [[nodiscard]] ssize_t read(std::size_t place, std::size_t most);
  [[nodiscard]] ssize_t read_utf16(std::size_t place);
  [[nodiscard]] std::size_t decoded(std::size_t place, std::size_t bytes);
  void find_encoding(std::size_t place, std::size_t bytes);
  void begin();
  void begin_utf16(bool little);
  std::string path_, folder_;
  Descriptor file_;
  std::string buffer_;
  std::string_view piece_;
  std::size_t at_ = 0;
  bool lines_end_in_cr_ = false;
  std::optional<Utf16> utf16_;
  enum class Encoding : std::uint8_t { ascii_so_far, as_it_is, windows_1252 } encoding_ = Encoding::ascii_so_far;
  std::string example_;  ///< a word of Windows-1252, as UTF-8
};

}  // namespace pool3::corpus
