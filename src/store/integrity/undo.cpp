#include "store/integrity/undo.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "pool3/files.hpp"
#include "store/integrity/checksum.hpp"

namespace pool3::store {
namespace {

/// The copy: size of the file, number of extents, the extents, their bytes, and the XXH3-64 of all that.
struct Head {
  std::int64_t file_bytes = 0;
  std::int64_t extents = 0;
};

Place undo_of(const Place& partial) { return {partial.stage, partial.path + ".undo"}; }

std::vector<Extent> gaps_between(std::vector<Extent> tables, std::int64_t file_bytes) {
  std::sort(tables.begin(), tables.end(), [](const Extent& a, const Extent& b) { return a.offset < b.offset; });
  std::vector<Extent> gaps;
  std::int64_t at = 0;
  for (const Extent& table : tables) {
    if (table.offset > at) gaps.push_back({at, table.offset - at});
    at = table.offset + table.bytes;
  }
  if (at < file_bytes) gaps.push_back({at, file_bytes - at});
  return gaps;
}

void append_raw(std::string& bytes, const void* data, std::size_t size) {
  bytes.append(static_cast<const char*>(data), size);
}

std::uint64_t checksum_of(std::string_view bytes) {
  Checksum checksum;
  checksum.add(bytes);
  return checksum.value();
}

}  // namespace

void save_undo(const Place& partial, std::vector<Extent> tables) {
  const Descriptor file(partial, O_RDONLY);
  const std::vector<Extent> gaps = gaps_between(std::move(tables), file.size());
  const Head head{file.size(), static_cast<std::int64_t>(gaps.size())};
  std::string bytes;
  append_raw(bytes, &head, sizeof head);
  append_raw(bytes, gaps.data(), gaps.size() * sizeof(Extent));
  for (const Extent& gap : gaps) {
    std::string content(static_cast<std::size_t>(gap.bytes), '\0');
    if (file.read(gap.offset, std::as_writable_bytes(std::span(content))) != content.size()) {
      throw error_at(partial, "is cut off");
    }
    bytes += content;
  }
  const std::uint64_t checksum = checksum_of(bytes);
  append_raw(bytes, &checksum, sizeof checksum);
  write_whole_file(undo_of(partial), bytes);
}

void restore_undo(const Place& partial) {
  const Place place = undo_of(partial);
  if (!file_exists(place.path)) return;
  std::string bytes(static_cast<std::size_t>(file_bytes(place)), '\0');
  Head head;
  std::uint64_t checksum = 0;
  const std::size_t got = open_source(place).read(0, std::as_writable_bytes(std::span(bytes)));
  if (got != bytes.size() || got < sizeof head + sizeof checksum)
    throw error_at(place, "is cut off", "remove it and the .partial file");
  std::memcpy(&checksum, bytes.data() + got - sizeof checksum, sizeof checksum);
  if (checksum_of(std::string_view(bytes).substr(0, got - sizeof checksum)) != checksum) {
    throw error_at(place, "wrong checksum", "remove it and the .partial file");
  }
  std::memcpy(&head, bytes.data(), sizeof head);
  std::vector<Extent> gaps(static_cast<std::size_t>(head.extents));
  std::memcpy(gaps.data(), bytes.data() + sizeof head, gaps.size() * sizeof(Extent));
  auto rest = std::as_bytes(std::span(bytes)).subspan(sizeof head + gaps.size() * sizeof(Extent));
  const Descriptor file(partial, O_RDWR);
  file.truncate(head.file_bytes);
  for (const Extent& gap : gaps) {
    file.write(gap.offset, rest.first(static_cast<std::size_t>(gap.bytes)));
    rest = rest.subspan(static_cast<std::size_t>(gap.bytes));
  }
  file.sync();
  remove_undo(partial);
}

bool undo_exists(const Place& partial) { return file_exists(undo_of(partial).path); }

void remove_undo(const Place& partial) {
  remove_file(undo_of(partial));
  remove_file({partial.stage, undo_of(partial).path + ".tmp"});
}

}  // namespace pool3::store
