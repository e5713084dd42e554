#include "exchange/import/stream.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

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

Stream::Stream(const std::string& path) : place_{import_stage, path}, archive_(new_reader(false)) { open(false); }

Stream::Stream(const std::string& zip, const std::string& entry)
    : place_{import_stage, zip}, archive_(new_reader(true)) {
  open(true);
  archive_entry* found = nullptr;
  for (std::size_t i = 0; i < most_entries; ++i) {
    const int code = archive_read_next_header(archive_.get(), &found);
    if (code == ARCHIVE_EOF) break;
    if (code < ARCHIVE_WARN) throw failure();
    const char* const name = archive_entry_pathname(found);
    if (name != nullptr && entry == name) return;
  }
  throw error_at(place_, fmt::format("there is no entry {}", entry));
}

void Stream::open(bool zip) {
  check_source(place_);
  if (archive_read_open_filename(archive_.get(), place_.path.c_str(), piece_bytes) < ARCHIVE_WARN) throw failure();
  if (zip) return;
  archive_entry* entry = nullptr;
  const int code = archive_read_next_header(archive_.get(), &entry);
  empty_ = code == ARCHIVE_EOF;
  if (!empty_ && code < ARCHIVE_WARN) throw failure();
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

std::vector<std::string> zip_entries(const std::string& path) {
  const Place place{import_stage, path};
  check_source(place);
  const auto reader = new_reader(true);
  const auto failure = [&] {
    const char* const text = archive_error_string(reader.get());
    return error_at(place, one_line(text == nullptr ? "damaged" : text));
  };
  if (archive_read_open_filename(reader.get(), path.c_str(), piece_bytes) < ARCHIVE_WARN) throw failure();
  std::vector<std::string> names;
  archive_entry* entry = nullptr;
  for (;;) {
    const int code = archive_read_next_header(reader.get(), &entry);
    if (code == ARCHIVE_EOF) return names;
    if (code < ARCHIVE_WARN) throw failure();
    const char* const name = archive_entry_pathname(entry);
    if (name != nullptr) names.emplace_back(name);
    if (names.size() > most_entries) throw error_at(place, "it has too many entries");
  }
}

bool Lines::next(std::string& line) {
  for (;;) {
    const std::size_t end = buffer_.find('\n', at_);
    if (end != std::string::npos || (ended_ && at_ < buffer_.size())) {
      line = buffer_.substr(at_, end == std::string::npos ? end : end - at_);
      if (line.ends_with('\r')) line.pop_back();
      at_ = end == std::string::npos ? buffer_.size() : end + 1;
      ++number_;
      return true;
    }
    if (ended_) return false;
    buffer_.erase(0, at_);
    at_ = 0;
    if (buffer_.size() > most_line_bytes)
      throw error_at(place(), fmt::format("line {} has more than 64 MiB", number_ + 1));
    const std::size_t before = buffer_.size();
    buffer_.resize(before + piece_bytes);
    const std::size_t got = stream_.read(std::span(buffer_).subspan(before));
    buffer_.resize(before + got);
    ended_ = got < piece_bytes;
  }
}

}  // namespace pool3::exchange
