#include "corpus/shards/index_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <xxhash.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "corpus/entry_bytes.hpp"
#include "corpus/error_stage.hpp"
#include "pool3/files.hpp"
#include "pool3/numbers/byte_reader.hpp"

namespace pool3::corpus {
namespace {

constexpr std::string_view magic = "pool3 tar index 4\n";  // another number where pictures or labels follow other rules

void put(std::string& bytes, std::int64_t number) {
  for (unsigned i = 0; i < 8; ++i) bytes += static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i));
}
void put(std::string& bytes, std::string_view text) {
  put(bytes, static_cast<std::int64_t>(text.size()));
  bytes += text;
}

/// Bytes that are no index.
struct NoIndex {
  [[noreturn]] void operator()() const { throw NoIndex(); }
};
using Reader = ByteReader<NoIndex>;

/// What put() wrote.
std::int64_t number(Reader& reader) { return reader.take<std::int64_t>(); }
std::string_view text(Reader& reader) {
  constexpr std::int64_t longest = 1 << 20;
  const std::int64_t length = number(reader);
  if (length < 0 || length > longest) throw NoIndex();
  return reader.take(static_cast<std::uint64_t>(length));
}

/// Reasons in rising order, each with its count.
void parse_left_out(Reader& reader, LeftOut& left_out) {
  const std::int64_t reasons = number(reader);
  if (reasons < 0) throw NoIndex();
  for (std::int64_t i = 0; i < reasons; ++i) {
    const std::string_view reason = text(reader);
    const auto& before = left_out.counts();
    if (reason.empty() || (!before.empty() && before.rbegin()->first >= reason)) throw NoIndex();
    left_out.add_key(reason, number(reader));
  }
}

/// The entry behind those that `index` has; names rise.
void parse_entry(Reader& reader, TarIndex& index) {
  const std::int64_t i = index.names.size();
  index.names.push_back(text(reader));
  index.labels.push_back(text(reader));
  const std::int64_t is_caption = number(reader);
  if (is_caption != 0 && is_caption != 1) throw NoIndex();
  index.perhaps_captions.push_back(is_caption == 1);
  const std::int64_t offset = index.offsets.emplace_back(number(reader));
  const std::int64_t bytes = index.bytes.emplace_back(number(reader));
  if (offset < -1 || (offset >= 0 ? bytes < 0 : bytes != -1) || index.names[i].empty()) throw NoIndex();
  if ((std::string(index.names[i]) += index.labels[i]).find('\0') != std::string::npos) throw NoIndex();
  if (i > 0 && index.names[i - 1] >= index.names[i]) throw NoIndex();
}

/// What says that an index belongs to the shard as it is now.
std::string header_of(const struct stat& shard) {
  std::string header(magic);
  put(header, std::int64_t{shard.st_size});
  put(header, std::int64_t{shard.st_mtim.tv_sec});
  put(header, std::int64_t{shard.st_mtim.tv_nsec});
  return header;
}

std::string checksum_of(std::string_view bytes) {
  std::string text;
  put(text, static_cast<std::int64_t>(XXH3_64bits(bytes.data(), bytes.size())));
  return text;
}

std::string index_path(const std::string& shard) { return shard + ".pool3-index"; }

std::optional<TarIndex> read_kept(const std::string& shard, const std::string& header) {
  const Descriptor file = Descriptor::try_open({stage, index_path(shard)}, O_RDONLY | O_NONBLOCK);
  if (!file.is_open()) return std::nullopt;
  std::vector<std::byte> content;
  try {
    content = read_all(file);
  } catch (const ReadError&) {
    return std::nullopt;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(content.data()), content.size());
  if (bytes.size() < header.size() + 8 || !bytes.starts_with(header)) return std::nullopt;
  const std::string_view sealed = bytes.substr(0, bytes.size() - 8);
  if (checksum_of(sealed) != bytes.substr(sealed.size())) return std::nullopt;
  return parse_index(sealed.substr(header.size()));
}

/// A folder that can't be written keeps no index.
void keep(const std::string& shard, std::string bytes) {
  bytes += checksum_of(bytes);
  try {
    // Not durable: an index that a loss of power has damaged is made again. Several jobs may list the same shard.
    write_whole_file({stage, index_path(shard)}, bytes, {.durable = false, .sweep = false});
  } catch (const Error&) {  // then the next job makes it, too
  }
}

}  // namespace

std::string format_index(const TarIndex& index) {
  std::string bytes;
  put(bytes, index.size());
  put(bytes, index.damage);
  put(bytes, index.unclear_labels);
  put(bytes, static_cast<std::int64_t>(index.left_out.counts().size()));
  for (const auto& [reason, count] : index.left_out.counts()) {
    put(bytes, reason);
    put(bytes, count);
  }
  for (std::int64_t i = 0; i < index.size(); ++i) {
    put(bytes, index.names[i]);
    put(bytes, index.labels[i]);
    put(bytes, std::int64_t{index.perhaps_captions[static_cast<std::size_t>(i)]});
    put(bytes, index.offsets[static_cast<std::size_t>(i)]);
    put(bytes, index.bytes[static_cast<std::size_t>(i)]);
  }
  return bytes;
}

std::optional<TarIndex> parse_index(std::string_view bytes) try {
  Reader reader(bytes);
  const std::int64_t count = number(reader);
  TarIndex index{.damage = std::string(text(reader))};
  index.unclear_labels = number(reader);
  parse_left_out(reader, index.left_out);
  for (std::int64_t i = 0; i < count; ++i) parse_entry(reader, index);
  if (count < 0 || reader.left() > 0) return std::nullopt;
  return index;
} catch (const NoIndex&) {
  return std::nullopt;
}

TarIndex load_index(const std::string& shard) {
  struct stat before {};
  if (::stat(shard.c_str(), &before) != 0) throw file_error({stage, shard}, errno);
  const std::string header = header_of(before);
  if (auto kept = read_kept(shard, header)) return std::move(*kept);
  TarIndex index = index_tar(shard);
  struct stat after {};
  const bool same = ::stat(shard.c_str(), &after) == 0 && header_of(after) == header;  // not written to meanwhile
  if (same) keep(shard, header + format_index(index));
  return index;
}

}  // namespace pool3::corpus
