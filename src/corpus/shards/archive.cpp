#include "corpus/shards/archive.hpp"

#include <new>
#include <utility>

#include "corpus/error_stage.hpp"
#include "pool3/files.hpp"

namespace pool3::corpus {
namespace {

constexpr std::size_t block_bytes = std::size_t{64} * 1024;

archive* new_reader() {
  archive* reader = archive_read_new();
  if (reader == nullptr) throw std::bad_alloc();
  archive_read_support_filter_bzip2(reader);
  archive_read_support_filter_gzip(reader);
  archive_read_support_filter_xz(reader);
  archive_read_support_filter_zstd(reader);
  archive_read_support_format_tar(reader);
  // Tar files that were joined with cat: the end of the first is not that of the file.
  if (archive_read_set_format_option(reader, "tar", "read_concatenated_archives", "1") != ARCHIVE_OK) {
    archive_read_free(reader);
    throw std::bad_alloc();
  }
  return reader;
}

/// ENOENT and similar errors, in the system's words. libarchive would wait for a pipe.
void check_readable(const std::string& path) { check_source({stage, path}); }

}  // namespace

Archive::Archive(std::string path) : path_(std::move(path)), archive_(new_reader()) {
  check_readable(path_);
  check_open(archive_read_open_filename(archive_.get(), path_.c_str(), block_bytes));
}

Archive::Archive(std::string path, std::span<const char> bytes) : path_(std::move(path)), archive_(new_reader()) {
  check_open(archive_read_open_memory(archive_.get(), bytes.data(), bytes.size()));
}

void Archive::check_open(int result) const {
  if (result < ARCHIVE_WARN) fail_to_open();
}

void Archive::fail_to_open() const {
  throw Error({.stage = stage,
               .path = path_,
               .cause = "not a tar file: " + damage(),
               .advice = "tar files may be plain, gzip, zstd, xz or bzip2"});
}

Step Archive::next() {
  const bool first = entry_ == nullptr;
  if (!first && archive_read_data_skip(archive_.get()) < ARCHIVE_WARN) return Step::damage;
  const std::int64_t end_of_entry = offset();
  const int result = archive_read_next_header(archive_.get(), &entry_);
  if (result == ARCHIVE_EOF) {
    // The library takes the end of the file for the end of the archive, too.
    if (offset() > end_of_entry) return Step::end;
    damage_ = "no end block: the file is cut short, or its writer leaves that out";
    return Step::damage;
  }
  if (result == ARCHIVE_OK || result == ARCHIVE_WARN) return Step::entry;
  if (first) fail_to_open();
  return Step::damage;
}

std::int64_t Archive::read(std::span<char> buffer) {
  return archive_read_data(archive_.get(), buffer.data(), buffer.size());
}

std::string Archive::damage() const {
  if (!damage_.empty()) return damage_;
  const char* text = archive_error_string(archive_.get());
  return one_line(text == nullptr ? "damaged" : text);
}

}  // namespace pool3::corpus
