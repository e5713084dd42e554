#include "corpus/shards/shards.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "corpus/entry_bytes.hpp"
#include "corpus/error_stage.hpp"
#include "corpus/file_names.hpp"
#include "corpus/shards/index_file.hpp"
#include "corpus/shards/unpacked_pictures.hpp"
#include "pool3/files.hpp"

namespace pool3::corpus {
namespace {

/// Shards kept open. Rows come in the order of shards, so few are in use at a time.
constexpr std::size_t most_open = 8;

/// True if the file begins as gzip, zstd, xz or bzip2 do.
bool is_compressed(const Descriptor& file) {
  std::string magic(10, '\0');
  if (file.try_read(0, std::as_writable_bytes(std::span(magic))) != 10) return false;
  constexpr std::string_view xz("\xFD\x37zXZ\0", 6);
  const bool bzip2 = magic.starts_with("BZh") && magic.ends_with("1AY&SY");
  return magic.starts_with("\x1f\x8b") || magic.starts_with("\x28\xb5\x2f\xfd") || magic.starts_with(xz) || bzip2;
}

}  // namespace

/// One tar file: index and bytes, each made when first asked for.
class Shard {
 public:
  explicit Shard(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] const std::string& path() const { return path_; }

  const TarIndex& index() {
    std::call_once(indexed_, [&] { index_ = load_index(path_); });
    return index_;
  }

  std::vector<std::byte> read(const std::string& member, const EntryLimits& limits) {
    const TarIndex& members = index();
    const std::int64_t at = members.find(member);
    if (at < 0) {
      throw ReadError(members.damage.empty() ? "not in this tar file"
                                             : "not in the readable part of this tar file: " + members.damage);
    }
    const std::int64_t offset = members.offsets[static_cast<std::size_t>(at)];
    if (offset < 0) throw ReadError("no regular file in this tar file, but a link or a sparse file");
    const std::int64_t bytes = members.bytes[static_cast<std::size_t>(at)];
    check_size(bytes, limits.bytes);
    std::call_once(opened_, [&] { open(limits); });
    return pictures_ ? pictures_->read(offset, bytes, limits) : read_member(file_, offset, bytes, limits);
  }

 private:
  void open(const EntryLimits& limits) {
    file_ = Descriptor::try_open({stage, path_}, O_RDONLY | O_NONBLOCK);
    if (!file_.is_open()) throw ReadError(std::strerror(errno));
    if (is_compressed(file_)) pictures_.emplace(path_, index_, limits);
  }

  std::string path_;
  std::once_flag indexed_, opened_;  // a call that throws is made again
  TarIndex index_;
  Descriptor file_;
  std::optional<UnpackedPictures> pictures_;  ///< of a compressed one
};

std::optional<ShardMember> split_shard_path(const std::string& path) {
  for (std::size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
    if (!is_shard_name(std::string_view(path).substr(0, end))) continue;
    struct stat status {};
    std::string shard = path.substr(0, end);
    if (::stat(shard.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    return ShardMember{std::move(shard), path.substr(end + 1)};
  }
  return std::nullopt;
}

Shards::Shards(EntryLimits limits) : limits_(std::move(limits)) {}
Shards::~Shards() = default;

std::shared_ptr<Shard> Shards::open(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::ranges::find(open_, path, [](const auto& shard) -> const std::string& { return shard->path(); });
  if (found == open_.end()) {
    open_.push_front(std::make_shared<Shard>(path));
    if (open_.size() > most_open) open_.pop_back();
  } else {
    open_.splice(open_.begin(), open_, found);
  }
  return open_.front();
}

std::int64_t Shards::size_of(const ShardMember& member) {
  const std::shared_ptr<Shard> shard = open(member.shard);
  const TarIndex& index = shard->index();
  const std::int64_t at = index.find(member.name);
  return at < 0 ? -1 : index.bytes[static_cast<std::size_t>(at)];
}

std::vector<std::byte> Shards::read(const ShardMember& member) {
  try {
    return open(member.shard)->read(member.name, limits_);
  } catch (const Error& error) {
    // A shard that can't be read is the fault of the entries in it; a full disk is not.
    if (error.fields().stage == stage) throw ReadError(error.fields().cause);
    throw;
  }
}

}  // namespace pool3::corpus
