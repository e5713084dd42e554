#include "corpus/shards/shards.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "corpus/entry_bytes.hpp"
#include "corpus/file_names.hpp"
#include "corpus/shards/index_file.hpp"
#include "corpus/stage.hpp"
#include "pool3/files.hpp"

namespace pool3::corpus {
namespace {

/// Shards kept open. Rows come in the order of shards, so few are in use at a time.
constexpr std::size_t most_open = 8;

/// True if the file begins as gzip or zstd do.
bool is_compressed(const Descriptor& file) {
  std::string magic(4, '\0');
  if (file.try_read(0, std::as_writable_bytes(std::span(magic))) != 4) return false;
  return magic.starts_with("\x1f\x8b") || magic == "\x28\xb5\x2f\xfd";
}

/// A file without a name in $TMPDIR or /tmp.
Descriptor scratch_file() {
  const char* folder = std::getenv("TMPDIR");
  std::string path = fmt::format("{}/pool3-shard-XXXXXX", folder == nullptr || *folder == '\0' ? "/tmp" : folder);
  const int number = ::mkostemp(path.data(), O_CLOEXEC);
  const Place place{"unpack shard", path};
  if (number < 0) throw file_error(place, errno, "set TMPDIR to a folder that can be written");
  ::unlink(path.c_str());
  return Descriptor::adopt(place, number);
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
    return read_member(file_, offset, bytes);
  }

 private:
  void open() {
    file_ = Descriptor::try_open({stage, path_}, O_RDONLY | O_NONBLOCK);
    if (!file_.is_open()) throw ReadError(std::strerror(errno));
    if (!is_compressed(file_)) return;
    Descriptor unpacked = scratch_file();
    unpack_to(path_, unpacked);
    file_ = std::move(unpacked);
  }

  std::string path_;
  std::once_flag indexed_, opened_;  // a call that throws is made again
  TarIndex index_;
  Descriptor file_;
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

std::int64_t Shards::size_of(const ShardMember& member) {
  const std::shared_ptr<Shard> shard = open(member.shard);
  const TarIndex& index = shard->index();
  const std::int64_t at = index.find(member.name);
  return at < 0 ? -1 : index.bytes[static_cast<std::size_t>(at)];
}

std::vector<std::byte> Shards::read(const ShardMember& member, std::int64_t max_bytes) {
  try {
    return open(member.shard)->read(member.name, max_bytes);
  } catch (const Error& error) {
    // A shard that can't be read is the fault of the entries in it; a full disk is not.
    if (error.fields().stage == stage) throw ReadError(error.fields().cause);
    throw;
  }
}

}  // namespace pool3::corpus
