#include "corpus/tables/text_input.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "corpus/error_stage.hpp"
#include "corpus/file_names.hpp"
#include "corpus/tables/json_file.hpp"
#include "corpus/tables/json_lines.hpp"
#include "corpus/tables/other_kinds.hpp"
#include "corpus/tables/path_placement.hpp"
#include "pool3/text/utf8.hpp"
#include "pool3/text/windows_1252.hpp"

namespace pool3::corpus {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20U;

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

/// Of a file from `offset` on, where its first character is that is no ASCII. Looks no further than at the first sign
/// that it is not Windows-1252.
bool is_windows_1252(const Descriptor& file, std::int64_t offset) {
  EncodingSigns signs;
  std::string piece;
  for (bool more = true; more && !signs.utf8 && !signs.unprintable;) {
    const std::size_t kept = piece.size();
    piece.resize(kept + buffer_bytes);
    const std::size_t got = file.read(offset, std::as_writable_bytes(std::span(piece).subspan(kept)));
    offset += static_cast<std::int64_t>(got);
    piece.resize(kept + got);
    more = got == buffer_bytes;
    // Characters are whole up to the last that is ASCII.
    const auto last = std::find_if(piece.rbegin(), piece.rend(), is_ascii);
    const auto whole = more && last != piece.rend() ? static_cast<std::size_t>(piece.rend() - last) : piece.size();
    signs.add(encoding_signs(std::string_view(piece).substr(0, whole)));
    piece.erase(0, whole);
  }
  return signs.is_windows_1252();
}

/// The word around the first character that is no ASCII. REQUIRES: there is one.
std::string word_in(std::string_view text) {
  constexpr std::size_t most = 20;  // bytes on each side
  const auto is_letter = [](char c) { return !is_ascii(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto at = static_cast<std::size_t>(std::ranges::find_if_not(text, is_ascii) - text.begin());
  std::size_t begin = at, end = at;
  while (begin > 0 && at - begin < most && is_letter(text[begin - 1])) --begin;
  while (end < text.size() && end - at < most && is_letter(text[end])) ++end;
  std::string word;
  append_windows_1252(word, text.substr(begin, end - begin));
  return word;
}

}  // namespace

TextInput::TextInput(const std::string& path, std::string folder)
    : path_(path),
      folder_(folder.empty() ? real_folder_of(path) : std::move(folder)),
      file_(open_source({stage, path})) {
  buffer_.resize(buffer_bytes);
  begin();
}

TextInput::TextInput(std::string name, std::string_view text) : path_(std::move(name)), piece_(text) { begin(); }

/// What is held becomes UTF-8, and all that is read from here on.
void TextInput::begin_utf16(bool little) {
  utf16_ = Utf16(little);
  std::string text;
  constexpr std::size_t mark_bytes = 2;
  utf16_->add(piece_.substr(mark_bytes), text);
  buffer_.resize(std::max(buffer_.size(), text.size()));
  std::ranges::copy(text, buffer_.begin());
  piece_ = std::string_view(buffer_).substr(0, text.size());
}

void TextInput::begin() {
  static_cast<void>(peek(utf8_mark.size() - 1));
  const bool little = piece_.starts_with("\xFF\xFE"), big = piece_.starts_with("\xFE\xFF");
  if (file_.is_open() && (little || big) && other_kind(piece_) == nullptr) begin_utf16(little);
  const std::size_t in_front = piece_.starts_with(utf8_mark) ? utf8_mark.size() : 0;
  const std::string_view text = trimmed_view(piece_.substr(in_front, 256));
  const bool is_json = (is_json_lines_name(path_) && text.starts_with('{')) ||
                       (is_json_name(path_) && (text.starts_with('{') || text.starts_with('[')));
  if (const OtherKind* kind = is_json ? nullptr : other_kind(piece_))
    throw Error({.stage = stage, .path = path_, .cause = kind->cause, .advice = kind->advice});
  at_ = in_front;
  // Lines of old Macs, and of spreadsheets there, end in a carriage return alone.
  if (file_.is_open() && piece_.find('\r') != std::string_view::npos && piece_.find('\n') == std::string_view::npos) {
    lines_end_in_cr_ = true;
    std::ranges::replace(buffer_, '\r', '\n');
  }
}

/// Reads up to `most` bytes to a place of the buffer. How many came; 0 at the end.
ssize_t TextInput::read(std::size_t place, std::size_t most) {
  ssize_t got = 0;
  do got = ::read(file_.number(), buffer_.data() + place, most);
  while (got < 0 && errno == EINTR);
  if (got < 0) throw file_error(file_.place(), errno);
  return got;
}

/// The same of UTF-16, as UTF-8, which takes half as much again at most.
ssize_t TextInput::read_utf16(std::size_t place) {
  std::string text;
  while (text.empty()) {
    const ssize_t got = read(place, (buffer_.size() - place) / 2);
    if (got == 0) break;
    utf16_->add(std::string_view(buffer_).substr(place, static_cast<std::size_t>(got)), text);
  }
  std::ranges::copy(text, buffer_.begin() + static_cast<std::ptrdiff_t>(place));
  return std::ssize(text);
}

/// Tells the encoding by the first bytes that are no ASCII. `place`: of bytes of the buffer that were just read.
void TextInput::find_encoding(std::size_t place, std::size_t bytes) {
  const std::string_view fresh = std::string_view(buffer_).substr(place, bytes);
  const auto* const first = std::ranges::find_if_not(fresh, is_ascii);
  if (first == fresh.end()) return;
  const auto ahead = static_cast<std::int64_t>(fresh.end() - first);
  const bool found = corpus::is_windows_1252(file_, ::lseek(file_.number(), 0, SEEK_CUR) - ahead);
  encoding_ = found ? Encoding::windows_1252 : Encoding::as_it_is;
  if (found) example_ = word_in(fresh);
}

/// Makes UTF-8 of bytes of the buffer that were just read, where they are not. How many they are then.
std::size_t TextInput::decoded(std::size_t place, std::size_t bytes) {
  if (encoding_ == Encoding::ascii_so_far) find_encoding(place, bytes);
  if (encoding_ != Encoding::windows_1252) return bytes;
  std::string text;
  append_windows_1252(text, std::string_view(buffer_).substr(place, bytes));
  buffer_.resize(std::max(buffer_.size(), place + text.size()));
  std::ranges::copy(text, buffer_.begin() + static_cast<std::ptrdiff_t>(place));
  return text.size();
}

std::string TextInput::encoding_words() const {
  if (!is_windows_1252()) return {};
  return fmt::format(
      "it is no UTF-8, and is read as Windows-1252 (Latin-1), as in {}; if that is wrong, iconv -f ENCODING -t utf-8 "
      "FILE > NEW-FILE",
      one_line(example_));
}

bool TextInput::refill(std::size_t ahead) {
  while (file_.is_open() && at_ + ahead >= piece_.size()) {
    const std::string kept(piece_.substr(std::min(at_, piece_.size())));  // few bytes: `ahead` at most
    std::copy(kept.begin(), kept.end(), buffer_.begin());
    ssize_t got = utf16_ ? read_utf16(kept.size()) : read(kept.size(), buffer_.size() - kept.size());
    if (!utf16_) got = static_cast<ssize_t>(decoded(kept.size(), static_cast<std::size_t>(got)));
    const auto fresh = buffer_.begin() + static_cast<std::ptrdiff_t>(kept.size());
    if (lines_end_in_cr_) std::replace(fresh, fresh + got, '\r', '\n');
    piece_ = std::string_view(buffer_).substr(0, kept.size() + static_cast<std::size_t>(got));
    at_ = 0;
    if (got == 0) break;
  }
  return at_ + ahead < piece_.size();
}

}  // namespace pool3::corpus
