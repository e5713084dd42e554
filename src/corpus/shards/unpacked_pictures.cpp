#include "corpus/shards/unpacked_pictures.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <unordered_set>

#include "corpus/entry_bytes.hpp"
#include "corpus/error_stage.hpp"
#include "corpus/shards/archive.hpp"

namespace pool3::corpus {
namespace {

constexpr const char* ends_early = "the tar file ends before its end";
constexpr std::int64_t gib = std::int64_t{1} << 30;
/// Of the file system, always left to others.
constexpr double free_part = 0.05;

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

/// True if so many more bytes leave the file system the space that is not ours.
bool has_space_for(const Descriptor& file, std::int64_t bytes) {
  struct statvfs status {};
  if (::fstatvfs(file.number(), &status) != 0) return true;  // then writing will tell
  const double block = static_cast<double>(status.f_frsize);
  const double free = block * static_cast<double>(status.f_bavail);
  return free - static_cast<double>(bytes) >= free_part * block * static_cast<double>(status.f_blocks);
}

}  // namespace

std::int64_t most_unpacked_bytes(std::int64_t shard_bytes, const EntryLimits& limits) {
  constexpr std::int64_t growth = 16;  // of files that hold drawings; photographs hardly grow
  if (limits.shard_bytes > 0) return limits.shard_bytes;
  return std::max(4 * gib, growth * std::min(shard_bytes, std::int64_t{1} << 56));
}

/// Copies pictures, one after the other.
class UnpackedPictures::Writer {
 public:
  Writer(UnpackedPictures& to, Archive& from, std::int64_t most_bytes, const EntryLimits& limits)
      : to_(to), from_(from), most_bytes_(most_bytes), limits_(limits), buffer_(std::size_t{1} << 20U, '\0') {}

  /// The entry that `from` is at. False if nothing more can be had: to_.rest_ says why.
  bool copy(std::int64_t offset, std::int64_t bytes) {
    if (bytes > limits_.bytes) return true;  // nobody reads it
    const std::int64_t kept = has_wrong_head(bytes) ? static_cast<std::int64_t>(head_bytes) : bytes;
    if (kept > most_bytes_ - end_) {
      to_.rest_ = fmt::format("the pictures of this compressed tar file are more than {} bytes, see --max-shard-gib",
                              most_bytes_);
      return false;
    }
    if (!has_space_for(to_.file_, kept)) return has_no_space();
    const std::int64_t begin = end_;
    if (!write_ahead(kept) || !write_rest(begin + kept)) return false;
    to_.places_[offset] = begin;
    return true;
  }

 private:
  /// Reads the first bytes of a large entry. Of one that is no picture no more is needed to say so again.
  bool has_wrong_head(std::int64_t bytes) {
    ahead_ = 0;
    if (!limits_.check_head || bytes < large_bytes) return false;
    while (ahead_ < head_bytes) {
      const std::int64_t got = from_.read(std::span(buffer_).subspan(ahead_, head_bytes - ahead_));
      if (got <= 0) return false;  // write_rest() sees the same
      ahead_ += static_cast<std::size_t>(got);
    }
    try {
      limits_.check_head(std::as_bytes(std::span(buffer_).first(ahead_)));
      return false;
    } catch (const std::runtime_error&) {
      return true;
    }
  }

  bool write_ahead(std::int64_t most) {
    return write(std::string_view(buffer_).substr(0, std::min(ahead_, static_cast<std::size_t>(most))));
  }

  bool write_rest(std::int64_t end) {
    while (end_ < end) {
      const auto want = std::min<std::int64_t>(end - end_, std::ssize(buffer_));
      const std::int64_t got = from_.read(std::span(buffer_).first(static_cast<std::size_t>(want)));
      if (got <= 0) {
        to_.rest_ = ends_early;
        return false;
      }
      if (!write(std::string_view(buffer_).substr(0, static_cast<std::size_t>(got)))) return false;
    }
    return true;
  }

  bool write(std::string_view bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t got = ::pwrite(to_.file_.number(), bytes.data() + done, bytes.size() - done,
                                   static_cast<off_t>(end_ + static_cast<std::int64_t>(done)));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? has_no_space() : fail();
      done += static_cast<std::size_t>(got);
    }
    end_ += std::ssize(bytes);
    return true;
  }

  bool has_no_space() {
    to_.rest_ = "no space to unpack this tar file: set TMPDIR to a folder with more, and use --retry-failed";
    return false;
  }

  [[noreturn]] bool fail() const {
    throw file_error(to_.file_.place(), errno, "set TMPDIR to a folder that can be written");
  }

  UnpackedPictures& to_;
  Archive& from_;
  std::int64_t most_bytes_;
  const EntryLimits& limits_;
  std::string buffer_;
  std::size_t ahead_ = 0;  ///< bytes of the entry that are in the buffer
  std::int64_t end_ = 0;   ///< of what was written
};

UnpackedPictures::UnpackedPictures(const std::string& shard, const TarIndex& index, const EntryLimits& limits)
    : file_(scratch_file()), rest_(ends_early) {
  std::unordered_set<std::int64_t> wanted(index.offsets.begin(), index.offsets.end());
  Archive archive(shard);
  Writer writer(*this, archive, most_unpacked_bytes(file_bytes({stage, shard}), limits), limits);
  wanted.erase(-1);
  while (!wanted.empty() && archive.next() == Step::entry) {
    const std::int64_t offset = archive.offset();
    if (wanted.erase(offset) > 0 && !writer.copy(offset, archive_entry_size(archive.entry()))) return;
  }
}

std::vector<std::byte> UnpackedPictures::read(std::int64_t offset, std::int64_t bytes,
                                              const EntryLimits& limits) const {
  const auto found = places_.find(offset);
  if (found == places_.end()) throw ReadError(rest_);
  return read_member(file_, found->second, bytes, limits);
}

}  // namespace pool3::corpus
