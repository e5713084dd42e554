#include "exchange/import/byte_stream.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>

#include "pool3/text/utf8.hpp"

namespace pool3::exchange {
namespace {

constexpr std::size_t piece_bytes = std::size_t{256} << 10;
constexpr std::size_t most_line_bytes = std::size_t{64} << 20;
constexpr std::size_t most_entries = 10000;

std::unique_ptr<archive, int (*)(archive*)> new_reader(bool zip) {
  std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), archive_read_free);
  if (zip) {
    archive_read_support_format_zip(reader.get());
    return reader;
  }
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_bzip2(reader.get());
  archive_read_support_filter_xz(reader.get());
  archive_read_support_filter_zstd(reader.get());
  archive_read_support_format_raw(reader.get());
  archive_read_support_format_empty(reader.get());
  return reader;
}

}  // namespace

Stream::Stream(const std::string& path, Kind kind)
    : place_{import_stage, path}, archive_(new_reader(kind == Kind::zip)) {
  check_source(place_);
  if (archive_read_open_filename(archive_.get(), place_.path.c_str(), piece_bytes) < ARCHIVE_WARN) throw failure();
}

Stream::Stream(const std::string& path) : Stream(path, Kind::file) {
  archive_entry* entry = nullptr;
  const int code = archive_read_next_header(archive_.get(), &entry);
  empty_ = code == ARCHIVE_EOF;
  if (!empty_ && code < ARCHIVE_WARN) throw failure();
}

Stream::Stream(const std::string& zip, const std::string& entry) : Stream(zip, Kind::zip) {
  for (std::string name; next(name);)
    if (name == entry) return;
  throw error_at(place_, fmt::format("there is no entry {}", one_line(entry)));
}

Stream Stream::of_zip(const std::string& zip) { return {zip, Kind::zip}; }

bool Stream::next(std::string& entry) {
  archive_entry* found = nullptr;
  const int code = archive_read_next_header(archive_.get(), &found);
  if (code == ARCHIVE_EOF) return false;
  if (code < ARCHIVE_WARN) throw failure();
  if (++entries_ > most_entries) throw error_at(place_, "it has too many entries");
  const char* const name = archive_entry_pathname(found);
  entry = name == nullptr ? "" : name;
  return true;
}

Error Stream::failure() const {
  const char* const text = archive_error_string(archive_.get());
  return error_at(place_, one_line(text == nullptr ? "damaged" : text));
}

std::size_t Stream::read(std::span<char> out) {
  std::size_t have = 0;
  while (!empty_ && have < out.size()) {
    const la_ssize_t got = archive_read_data(archive_.get(), &out[have], out.size() - have);
    if (got < 0) throw failure();
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  return have;
}

bool Lines::next(std::string& line) {
  for (;;) {
    const std::size_t end = buffer_.find('\n', at_);
    if (end != std::string::npos || (ended_ && at_ < buffer_.size())) {
      line = buffer_.substr(at_, end == std::string::npos ? end : end - at_);
      if (line.ends_with('\r')) line.pop_back();
      at_ = end == std::string::npos ? buffer_.size() : end + 1;
      if (++number_ == 1 && line.starts_with(utf8_mark)) line.erase(0, utf8_mark.size());
      return true;
    }
    if (ended_) return false;
    read_on();
  }
}

/// Another piece, behind what is left of the last.
void Lines::read_on() {
  buffer_.erase(0, at_);
  at_ = 0;
  if (buffer_.size() > most_line_bytes)
    throw error_at(place(), fmt::format("line {} has more than 64 MiB", number_ + 1));
  const std::size_t before = buffer_.size();
  buffer_.resize(before + piece_bytes);
  const std::size_t got = stream_.read(std::span(buffer_).subspan(before));
  buffer_.resize(before + got);
  ended_ = got < piece_bytes;
  // Old Macs end lines with a carriage return alone.
  if (number_ == 0 && before == 0 && buffer_.find('\n') == std::string::npos)
    returns_alone_ = buffer_.find('\r') != std::string::npos;
  if (returns_alone_) std::ranges::replace(buffer_, '\r', '\n');
}

}  // namespace pool3::exchange
