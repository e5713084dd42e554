#include "corpus/shards/shards.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "corpus/files.hpp"
#include "corpus/names.hpp"
#include "pool3/error.hpp"

namespace pool3::corpus {
namespace {

/// Shards kept open. Rows come in the order of shards, so few are in use at a time.
constexpr std::size_t most_open = 8;

/// True if the file begins as gzip or zstd do.
bool is_compressed(int file) {
  unsigned char magic[4] = {};
  if (::pread(file, magic, sizeof magic, 0) != static_cast<ssize_t>(sizeof magic)) return false;
  const bool gzip = magic[0] == 0x1f && magic[1] == 0x8b;
  const bool zstd = magic[0] == 0x28 && magic[1] == 0xb5 && magic[2] == 0x2f && magic[3] == 0xfd;
  return gzip || zstd;
}

/// A file without a name in $TMPDIR or /tmp.
Descriptor scratch_file() {
  const char* folder = std::getenv("TMPDIR");
  std::string path = (folder == nullptr || *folder == '\0' ? "/tmp" : folder) + std::string("/pool3-shard-XXXXXX");
  Descriptor file(::mkostemp(path.data(), O_CLOEXEC));
  if (file.number() < 0) throw file_error("unpack shard", path, errno, "set TMPDIR to a folder that can be written");
  ::unlink(path.c_str());
  return file;
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

  std::vector<std::byte> read(const std::string& member, std::int64_t max_bytes) {
    const TarIndex& members = index();
    const std::int64_t at = members.find(member);
    if (at < 0) {
      throw ReadError(members.damage.empty() ? "not in this tar file"
                                             : "not in the readable part of this tar file: " + members.damage);
    }
    const std::int64_t offset = members.offsets[static_cast<std::size_t>(at)];
    if (offset < 0) throw ReadError("no regular file in this tar file, but a link or a sparse file");
    const std::int64_t bytes = members.bytes[static_cast<std::size_t>(at)];
    check_size(bytes, max_bytes);
    std::call_once(opened_, [&] { open(); });
    return read_bytes(file_.number(), offset, bytes);
  }

 private:
  void open() {
    file_ = Descriptor(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (file_.number() < 0) throw ReadError(std::strerror(errno));
    if (!is_compressed(file_.number())) return;
    Descriptor unpacked = scratch_file();
    unpack_to(path_, unpacked.number());
    file_ = std::move(unpacked);
  }

  std::string path_;
  std::once_flag indexed_, opened_;  // a call that throws is made again
  TarIndex index_;
  Descriptor file_;
};

std::optional<ShardPlace> split_shard_path(const std::string& path) {
  for (std::size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
    if (!is_shard_name(std::string_view(path).substr(0, end))) continue;
    struct stat status {};
    std::string shard = path.substr(0, end);
    if (::stat(shard.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    return ShardPlace{std::move(shard), path.substr(end + 1)};
  }
  return std::nullopt;
}

Shards::Shards() = default;
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

std::int64_t Shards::size_of(const ShardPlace& place) {
  const std::shared_ptr<Shard> shard = open(place.shard);
  const TarIndex& index = shard->index();
  const std::int64_t at = index.find(place.member);
  return at < 0 ? -1 : index.bytes[static_cast<std::size_t>(at)];
}

std::vector<std::byte> Shards::read(const ShardPlace& place, std::int64_t max_bytes) {
  try {
    return open(place.shard)->read(place.member, max_bytes);
  } catch (const Error& error) {
    // A shard that can't be read is the fault of the entries in it; a full disk is not.
    if (error.fields().stage == stage) throw ReadError(error.fields().cause);
    throw;
  }
}

}  // namespace pool3::corpus
