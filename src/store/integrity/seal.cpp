#include "store/integrity/seal.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "pool3/files.hpp"
#include "store/format_names.hpp"
#include "store/hdf5/open_elsewhere.hpp"
#include "store/hdf5/structure.hpp"
#include "store/integrity/checksum.hpp"
#include "store/row_pieces.hpp"

namespace pool3::store {
namespace {

constexpr const char* changed_advice =
    "the file is damaged, or another program has changed it; make it again or restore it from a copy";

/// The seal as it is stored. All numbers are little-endian.
struct Block {
  std::array<char, 32> format{};  ///< padded with NUL
  std::int64_t version = 0;
  std::int64_t file_bytes = 0;  ///< 0: not complete
  std::int64_t extents = 0;
  std::array<Extent, max_extents> covered{};  ///< in rising order, not overlapping
  std::array<char, 192> zeros{};
  std::uint64_t checksum = 0;  ///< XXH3-64 of this block up to here, then of all bytes that are not covered
};
static_assert(sizeof(Block) == seal_bytes);

Block read_block(const Descriptor& file) {
  Block block;
  const std::size_t got = file.read(0, std::as_writable_bytes(std::span(&block, 1)));
  return got == sizeof block ? block : Block{};
}

void write_block(const Descriptor& file, const Block& block) { file.write(0, std::as_bytes(std::span(&block, 1))); }

std::string format_in(const Block& block) {
  return {block.format.data(), strnlen(block.format.data(), block.format.size())};
}

void add_range(Checksum& checksum, const Descriptor& file, std::int64_t begin, std::int64_t end) {
  std::vector<std::byte> buffer;
  for_each_piece({begin, end}, 1, buffer_bytes, [&](RowRange piece) {
    buffer.resize(static_cast<std::size_t>(piece.size()));
    buffer.resize(file.read(piece.begin, buffer));
    checksum.add(buffer);
  });
}

/// The checksum that belongs in `block`. REQUIRES: extents_fit(block).
std::uint64_t checksum_for(const Block& block, const Descriptor& file) {
  Checksum checksum;
  checksum.add(std::as_bytes(std::span(&block, 1)).first(offsetof(Block, checksum)));
  std::int64_t at = seal_bytes;
  for (const Extent& extent : std::span(block.covered).first(static_cast<std::size_t>(block.extents))) {
    add_range(checksum, file, at, extent.offset);
    at = extent.offset + extent.bytes;
  }
  add_range(checksum, file, at, block.file_bytes);
  return checksum.value();
}

bool extents_fit(const Block& block) {
  if (block.extents < 0 || block.extents > static_cast<std::int64_t>(max_extents)) return false;
  std::int64_t at = seal_bytes;
  for (const Extent& extent : std::span(block.covered).first(static_cast<std::size_t>(block.extents))) {
    if (extent.offset < at || extent.offset > block.file_bytes) return false;
    if (extent.bytes < 0 || extent.bytes > block.file_bytes - extent.offset) return false;
    at = extent.offset + extent.bytes;
  }
  return true;
}

void check_format(const Descriptor& file, const Block& block, const std::string& wanted) {
  const Place& place = file.place();
  const std::string format = format_in(block);
  if (format == wanted) return;
  if (format.starts_with("pool3 ")) throw error_at(place, fmt::format("is a {} file, not a {} file", format, wanted));
  if (!has_hdf5_signature(file)) throw error_at(place, "is not an HDF5 file");
  throw error_at(place, fmt::format("is an HDF5 file, but not a {} file", wanted));
}

void check_version(const Place& place, std::int64_t version, std::int64_t newest) {
  if (version < 1) throw error_at(place, fmt::format("format version {} does not exist", version), damaged_advice);
  if (version <= newest) return;
  throw error_at(place, fmt::format("format version {} is newer than {}", version, newest), "use a newer pool3");
}

/// The seal of a file of this format and of a version that is known. Throws Error for other files.
Block read_known_block(const Descriptor& file, const std::string& format, std::int64_t newest) {
  const Block block = read_block(file);
  check_format(file, block, format);
  check_version(file.place(), block.version, newest);
  return block;
}

/// For a file that does not fit its seal.
Error changed(const Descriptor& file, std::string cause) {
  if (is_open_elsewhere(file)) return open_elsewhere_error(file.place());
  return error_at(file.place(), std::move(cause), changed_advice);
}

}  // namespace

void begin_seal(const Place& place, const std::string& format, std::int64_t version) {
  Block block;
  std::copy(format.begin(), format.end(), block.format.begin());
  block.version = version;
  write_block(Descriptor(place, O_WRONLY), block);
}

void complete_seal(const Place& place, std::vector<Extent> covered) {
  std::sort(covered.begin(), covered.end(), [](const Extent& a, const Extent& b) { return a.offset < b.offset; });
  const Descriptor file(place, O_RDWR);
  Block block = read_block(file);
  block.file_bytes = file_bytes(place);
  block.extents = static_cast<std::int64_t>(covered.size());
  if (covered.size() > max_extents) throw error_at(place, "has more tables than a seal covers");
  std::copy(covered.begin(), covered.end(), block.covered.begin());
  if (!extents_fit(block)) throw error_at(place, "has tables that overlap");
  block.checksum = checksum_for(block, file);
  write_block(file, block);
}

void check_seal(const Place& place, const std::string& format, std::int64_t newest) {
  const Descriptor file = open_source(place);
  const Block block = read_known_block(file, format, newest);
  if (block.file_bytes == 0) throw error_at(place, "is not complete", retry_advice);
  const std::int64_t size = file_bytes(place);
  if (size != block.file_bytes) throw changed(file, fmt::format("has {} bytes, not {}", size, block.file_bytes));
  if (!extents_fit(block) || checksum_for(block, file) != block.checksum)
    throw changed(file, "structure: wrong checksum");
}

void check_open_seal(const Place& place, const std::string& format, std::int64_t newest) {
  const Descriptor file = open_source(place);
  const Block block = read_known_block(file, format, newest);
  if (block.file_bytes != 0) throw error_at(place, "is complete, but has the name of an unfinished file", "rename it");
}

std::uint64_t seal_checksum(const Place& place) { return read_block(open_source(place)).checksum; }

std::string format_of(const std::string& path) {
  try {
    return format_in(read_block(open_source({"inspect", path})));
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace pool3::store
