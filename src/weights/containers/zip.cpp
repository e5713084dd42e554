#include "weights/containers/zip.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include "weights/containers/byte_reader.hpp"

namespace pool3::weights {
namespace {

// Section numbers here are those of PKWARE's APPNOTE.TXT, version 6.3.
constexpr std::string_view local_mark = "PK\x03\x04";
constexpr std::string_view entry_mark = "PK\x01\x02";
constexpr std::string_view end_mark = "PK\x05\x06";
constexpr std::size_t end_bytes = 22;
constexpr std::size_t longest_comment = 65535;

std::uint32_t checksum_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

/// A reader behind the mark of the record that ends the archive.
ByteReader end_record(std::string_view bytes) {
  const std::size_t first = bytes.size() < end_bytes + longest_comment ? 0 : bytes.size() - end_bytes - longest_comment;
  const std::size_t at = bytes.rfind(end_mark);
  if (at == std::string_view::npos || at < first) throw FormatError("a zip archive without its end: truncated");
  return ByteReader(bytes, at + end_mark.size());
}

}  // namespace

bool looks_like_zip(std::string_view bytes) { return bytes.starts_with(local_mark); }

ZipArchive::ZipArchive(std::string_view bytes) : bytes_(bytes) {
  ByteReader end = end_record(bytes);
  end.skip(6);  // 4.3.16: this disk, the directory's disk, its entries on this disk
  const auto count = end.take<std::uint16_t>();
  end.skip(4);  // 4.3.16: size of the directory
  const auto offset = end.take<std::uint32_t>();
  end.skip(end.take<std::uint16_t>());  // 4.3.16: the archive's comment
  if (count == 0xffff || offset == 0xffffffff) throw FormatError("a zip archive too large for weights");
  ByteReader directory(bytes, offset);
  for (unsigned i = 0; i < count; ++i) {
    if (directory.take(4) != entry_mark) throw FormatError("a zip archive with a broken directory");
    Entry entry = {};
    directory.skip(4);  // 4.3.12: version made by, version needed
    entry.flags = directory.take<std::uint16_t>();
    entry.method = directory.take<std::uint16_t>();
    directory.skip(4);  // 4.3.12: time and date
    entry.checksum = directory.take<std::uint32_t>();
    entry.stored_bytes = directory.take<std::uint32_t>();
    entry.bytes = directory.take<std::uint32_t>();
    const auto name_bytes = directory.take<std::uint16_t>();
    const auto extra_bytes = directory.take<std::uint16_t>();
    const auto comment_bytes = directory.take<std::uint16_t>();
    directory.skip(8);  // 4.3.12: disk, internal and external attributes
    entry.offset = directory.take<std::uint32_t>();
    const std::string_view name = directory.take(name_bytes);
    directory.skip(std::uint64_t{extra_bytes} + comment_bytes);  // 4.3.12: the last two fields
    if (!entries_.emplace(name, entry).second) throw FormatError(fmt::format("a zip archive with '{}' twice", name));
  }
}

std::vector<std::string_view> ZipArchive::names() const {
  std::vector<std::string_view> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

std::string_view ZipArchive::read(std::string_view name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) throw FormatError(fmt::format("the archive lacks '{}'", name));
  const Entry& entry = found->second;
  if (entry.method != 0 || (entry.flags & 1U) != 0 || entry.stored_bytes != entry.bytes) {
    throw FormatError(fmt::format("'{}' in the archive is compressed", name), "write the file with torch.save");
  }
  ByteReader local(bytes_, entry.offset);
  if (local.take(4) != local_mark) throw FormatError(fmt::format("a zip archive with a broken entry '{}'", name));
  local.skip(22);  // 4.3.7: what the directory says too
  const auto name_bytes = local.take<std::uint16_t>();
  local.skip(std::uint64_t{local.take<std::uint16_t>()} + name_bytes);  // 4.3.7: name and extra field
  const std::string_view data = local.take(entry.bytes);
  if (checksum_of(data) != entry.checksum) throw FormatError(fmt::format("'{}' in the archive is damaged", name));
  return data;
}

}  // namespace pool3::weights
