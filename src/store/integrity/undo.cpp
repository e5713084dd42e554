#include "store/integrity/undo.hpp"

#include <fcntl.h>

#include <algorithm>
#include <string>

#include "pool3/files.hpp"
#include "store/integrity/checksum.hpp"
#include "store/row_pieces.hpp"

namespace pool3::store {
namespace {

constexpr const char* advice = "remove it and the .partial file";
constexpr auto checksum_bytes = static_cast<std::int64_t>(sizeof(std::uint64_t));
/// More than the tables of a file leave between them.
constexpr std::int64_t most_gaps = 64;

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

template <typename Value>
std::span<std::byte> bytes_of(Value& value) {
  return std::as_writable_bytes(std::span(&value, 1));
}
std::span<std::byte> bytes_of(std::vector<Extent>& extents) { return std::as_writable_bytes(std::span(extents)); }

/// Calls `action(offset, bytes)` for the bytes of a file from `begin` to `end`, in pieces. Throws if it ends before.
template <typename Action>
void read_pieces(const Descriptor& file, std::int64_t begin, std::int64_t end, Action&& action) {
  std::vector<std::byte> buffer;
  for_each_piece({begin, end}, 1, buffer_bytes, [&](RowRange piece) {
    buffer.resize(static_cast<std::size_t>(piece.size()));
    if (file.read(piece.begin, buffer) != buffer.size()) throw error_at(file.place(), "is cut off", advice);
    action(piece.begin, std::span<const std::byte>(buffer));
  });
}

std::uint64_t checksum_of(const Descriptor& file, std::int64_t end) {
  Checksum checksum;
  read_pieces(file, 0, end, [&](std::int64_t, std::span<const std::byte> bytes) { checksum.add(bytes); });
  return checksum.value();
}

std::uint64_t stored_checksum(const Descriptor& file, std::int64_t at) {
  std::uint64_t checksum = 0;
  if (file.read(at, bytes_of(checksum)) != sizeof checksum) throw error_at(file.place(), "is cut off", advice);
  return checksum;
}

/// True if the gaps lie in the file, in rising order, and their bytes reach from undo.begin to `end`.
bool gaps_fit(const Undo& undo, std::int64_t end) {
  std::int64_t at = 0;
  std::int64_t left = end - undo.begin;
  for (const Extent& gap : undo.gaps) {
    if (gap.offset < at || gap.offset > undo.file_bytes) return false;
    if (gap.bytes < 0 || gap.bytes > undo.file_bytes - gap.offset || gap.bytes > left) return false;
    at = gap.offset + gap.bytes;
    left -= gap.bytes;
  }
  return left == 0;
}

void copy_bytes(const Descriptor& from, std::int64_t begin, const Descriptor& to, const Extent& gap) {
  read_pieces(from, begin, begin + gap.bytes,
              [&](std::int64_t at, std::span<const std::byte> bytes) { to.write(gap.offset + at - begin, bytes); });
}

}  // namespace

void save_undo(const Place& partial, std::vector<Extent> tables) {
  const Descriptor file = open_own(partial, O_RDONLY);
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

Undo read_undo(const Descriptor& copy) {
  const Place& place = copy.place();
  const std::int64_t size = copy.size();
  Head head;
  const auto head_bytes = static_cast<std::int64_t>(sizeof head);
  if (size < head_bytes + checksum_bytes || copy.read(0, bytes_of(head)) != sizeof head)
    throw error_at(place, "is cut off", advice);
  if (stored_checksum(copy, size - checksum_bytes) != checksum_of(copy, size - checksum_bytes))
    throw error_at(place, "wrong checksum", advice);
  Undo undo{.file_bytes = head.file_bytes};
  if (head.extents < 0 || head.extents > most_gaps || head.file_bytes < 0)
    throw error_at(place, "has impossible numbers", advice);
  undo.begin = head_bytes + head.extents * static_cast<std::int64_t>(sizeof(Extent));
  undo.gaps.resize(static_cast<std::size_t>(head.extents));
  if (undo.begin > size - checksum_bytes || copy.read(head_bytes, bytes_of(undo.gaps)) != bytes_of(undo.gaps).size())
    throw error_at(place, "is cut off", advice);
  if (!gaps_fit(undo, size - checksum_bytes)) throw error_at(place, "has impossible numbers", advice);
  return undo;
}

void restore_undo(const Place& partial) {
  const Descriptor copy = try_open_own(undo_of(partial), O_RDONLY);
  if (!copy.is_open()) return;
  const Undo undo = read_undo(copy);
  const Descriptor file = open_own(partial, O_RDWR);
  // What the copy does not hold must still be there.
  const std::int64_t held_from = undo.gaps.empty() ? 0 : undo.gaps.back().offset + undo.gaps.back().bytes;
  if (held_from < undo.file_bytes && file.size() < undo.file_bytes)
    throw error_at(copy.place(), "is of another file", advice);
  file.truncate(undo.file_bytes);
  std::int64_t from = undo.begin;
  for (const Extent& gap : undo.gaps) {
    copy_bytes(copy, from, file, gap);
    from += gap.bytes;
  }
  file.sync();
  remove_undo(partial);
}

bool undo_exists(const Place& partial) { return file_exists(undo_of(partial).path); }

void remove_undo(const Place& partial) {
  remove_file(undo_of(partial));
  sweep_temporaries(undo_of(partial));
}

}  // namespace pool3::store
