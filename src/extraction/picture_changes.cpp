#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "pool3/extraction.hpp"
#include "pool3/mpi/gather.hpp"
#include "pool3/partition.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t rows_of_piece = 4096;

std::int64_t nanoseconds(std::int64_t seconds, std::int64_t rest) { return seconds * 1'000'000'000 + rest; }

std::int64_t nanoseconds(const timespec& time) { return nanoseconds(time.tv_sec, time.tv_nsec); }

/// When the file was last written, replaced, moved or given other permissions; of a member of a tar file, the tar file.
/// 0 if there is no such file.
std::int64_t last_touched(std::string path) {
  struct stat info {};
  while (::stat(path.c_str(), &info) != 0) {
    const std::size_t slash = path.find_last_of('/');
    if (errno != ENOTDIR || slash == std::string::npos) return 0;
    path.resize(slash);
  }
  return std::max(nanoseconds(info.st_mtim), nanoseconds(info.st_ctim));
}

/// True if the entry is another one than the row was made of.
bool is_another(const EntryReader& entries, const EarlierRow& row) {
  try {
    const std::vector<std::byte> bytes = entries.read(row.path);
    if (bytes.empty()) return row.status != RowStatus::empty;
    return content_key(bytes) != row.key;
  } catch (const ReadError&) {
    return false;  // too large, or not to be read: the row says so, or it is better than none
  }
}

/// What is found of some of the rows.
PictureChanges look_at(const EntryReader& entries, const std::string& root, std::int64_t since, const EarlierRows& rows,
                       RowRange own) {
  PictureChanges found;
  for (Row begin = own.begin; begin < own.end; begin += rows_of_piece) {
    const std::vector<EarlierRow> piece = rows.read({begin, std::min(begin + rows_of_piece, own.end)});
    for (std::size_t i = 0; i < piece.size(); ++i) {
      if (piece[i].status == RowStatus::pending) continue;
      const std::int64_t time = last_touched(full_path(root, piece[i].path));
      if (time < since) continue;
      ++found.touched;
      found.newest = std::max(found.newest, time);
      if (is_another(entries, piece[i])) found.changed.push_back(begin + static_cast<Row>(i));
    }
  }
  return found;
}

}  // namespace

std::int64_t last_written(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? nanoseconds(info.st_mtim) : 0;
}

std::int64_t first_written(const std::string& path) {
  struct statx info {};
  const bool told = statx(AT_FDCWD, path.c_str(), 0, STATX_BTIME, &info) == 0 && (info.stx_mask & STATX_BTIME) != 0;
  return told ? nanoseconds(info.stx_btime.tv_sec, info.stx_btime.tv_nsec) : last_written(path);
}

PictureChanges find_picture_changes(const Communicator& comm, const EntryReader& entries, const std::string& root,
                                    std::int64_t since, const EarlierRows& rows) {
  PictureChanges own;
  comm.all_do([&] { own = look_at(entries, root, since, rows, even_share(rows.count, comm.size(), comm.rank())); });
  PictureChanges found{.touched = comm.sum(own.touched), .changes = comm.sum(std::ssize(own.changed))};
  found.changed = gather_items(comm, own.changed);
  for (const std::string& time : comm.gather(fmt::to_string(own.newest)))
    found.newest = std::max<std::int64_t>(found.newest, std::stoll(time));
  return found;
}

}  // namespace pool3
