#include "weights/containers/zip.hpp"

#include <array>

#include "weights/containers/byte_reader.hpp"

namespace pool3 {
namespace {

constexpr std::string_view local_mark = "PK\x03\x04";
constexpr std::string_view entry_mark = "PK\x01\x02";
constexpr std::string_view end_mark = "PK\x05\x06";
constexpr std::size_t end_bytes = 22;
constexpr std::size_t longest_comment = 65535;

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table = {};
  for (std::uint32_t i = 0; i < 256; ++i) {
    table[i] = i;
    for (int bit = 0; bit < 8; ++bit) table[i] = (table[i] >> 1U) ^ ((table[i] & 1U) != 0 ? 0xedb88320U : 0U);
  }
  return table;
}

std::uint32_t crc32(std::string_view bytes) {
  static constexpr std::array<std::uint32_t, 256> table = make_crc_table();
  std::uint32_t sum = ~0U;
  for (const char c : bytes) sum = table[(sum ^ static_cast<unsigned char>(c)) & 0xffU] ^ (sum >> 8U);
  return ~sum;
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
  end.skip(6);  // numbers of disks
  const auto count = end.take<std::uint16_t>();
  end.skip(4);
  const auto offset = end.take<std::uint32_t>();
  end.skip(end.take<std::uint16_t>());  // the comment
  if (count == 0xffff || offset == 0xffffffff) throw FormatError("a zip archive too large for weights");
  ByteReader directory(bytes, offset);
  for (unsigned i = 0; i < count; ++i) {
    if (directory.take(4) != entry_mark) throw FormatError("a zip archive with a broken directory");
    Entry entry = {};
    directory.skip(4);
    entry.flags = directory.take<std::uint16_t>();
    entry.method = directory.take<std::uint16_t>();
    directory.skip(4);
    entry.checksum = directory.take<std::uint32_t>();
    entry.stored_bytes = directory.take<std::uint32_t>();
    entry.bytes = directory.take<std::uint32_t>();
    const auto name_bytes = directory.take<std::uint16_t>();
    const auto extra_bytes = directory.take<std::uint16_t>();
    const auto comment_bytes = directory.take<std::uint16_t>();
    directory.skip(8);
    entry.offset = directory.take<std::uint32_t>();
    const std::string_view name = directory.take(name_bytes);
    directory.skip(std::uint64_t{extra_bytes} + comment_bytes);
    if (!entries_.emplace(name, entry).second)
      throw FormatError("a zip archive with '" + std::string(name) + "' twice");
  }
}

std::vector<std::string_view> ZipArchive::names() const {
  std::vector<std::string_view> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

std::string_view ZipArchive::read(std::string_view name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) throw FormatError("the archive lacks '" + std::string(name) + "'");
  const Entry& entry = found->second;
  if (entry.method != 0 || (entry.flags & 1U) != 0 || entry.stored_bytes != entry.bytes) {
    throw FormatError("'" + std::string(name) + "' in the archive is compressed", "write the file with torch.save");
  }
  ByteReader local(bytes_, entry.offset);
  if (local.take(4) != local_mark) throw FormatError("a zip archive with a broken entry '" + std::string(name) + "'");
  local.skip(22);
  const auto name_bytes = local.take<std::uint16_t>();
  local.skip(std::uint64_t{local.take<std::uint16_t>()} + name_bytes);
  const std::string_view data = local.take(entry.bytes);
  if (crc32(data) != entry.checksum) throw FormatError("'" + std::string(name) + "' in the archive is damaged");
  return data;
}

}  // namespace pool3
