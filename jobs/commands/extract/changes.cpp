#include "commands/extract/changes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <ctime>

#include "pool3/files.hpp"

namespace pool3::jobs {
namespace {

/// What the root found, on every rank. Collective.
std::int64_t on_all(const Communicator& comm, std::int64_t of_root) { return comm.sum(comm.is_root() ? of_root : 0); }

std::vector<EarlierRow> rows_of(std::vector<std::string> paths, const std::vector<ImageKey>& keys,
                                const std::vector<RowStatus>& status) {
  std::vector<EarlierRow> rows;
  rows.reserve(paths.size());
  for (std::size_t i = 0; i < paths.size(); ++i) rows.push_back({std::move(paths[i]), keys[i], status[i]});
  return rows;
}

/// Without that, touched pictures are compared once more, so failing is no error.
void set_last_written(const std::string& path, std::int64_t nanoseconds) {
  constexpr std::int64_t of_second = 1'000'000'000;
  const timespec time{nanoseconds / of_second, nanoseconds % of_second};
  const std::array<timespec, 2> times = {timespec{0, UTIME_OMIT}, time};
  static_cast<void>(utimensat(AT_FDCWD, path.c_str(), times.data(), 0));
}

/// What the root has, on every rank: one character a block. Collective.
std::string done_blocks(const Communicator& comm, const FeatureWriter& writer) {
  std::string done;
  for (const bool block : writer.done()) done.push_back(block ? '1' : '0');
  comm.broadcast(done);
  return done;
}

}  // namespace

std::int64_t unfinished_since(const Context& context, const std::string& out) {
  return on_all(context.comm, first_written(out + ".partial"));
}

PictureChanges changes_since(const Context& context, const std::string& out, std::string root, std::int64_t most_bytes,
                             WhichRows which) {
  const Communicator& comm = context.comm;
  comm.broadcast(root);
  const std::int64_t since = on_all(comm, last_written(out));
  std::optional<FeatureReader> reader;
  comm.all_do([&] { reader.emplace(out); });
  const auto read = [&](RowRange rows) {
    std::vector<EarlierRow> earlier = rows_of(reader->paths(rows), reader->keys(rows), reader->status(rows));
    for (EarlierRow& row : earlier) {
      if (which == WhichRows::done && row.status != RowStatus::done) row.status = RowStatus::pending;
    }
    return earlier;
  };
  const EntryReader entries(root, EntryLimits{.bytes = most_bytes});
  PictureChanges found = find_picture_changes(comm, entries, root, since, {reader->rows(), read});
  if (found.changes > 0)
    context.log.line("extract", fmt::format("{} pictures are others than when {} was made: their rows are made anew",
                                            found.changes, out));
  else if (found.touched > 0 && comm.is_root())
    set_last_written(out, found.newest + 1);
  return found;
}

void redo_changed(const Context& context, FeatureWriter& writer, const EntryReader& entries, std::int64_t since) {
  const Communicator& comm = context.comm;
  const std::string done = done_blocks(comm, writer);
  if (done.find('1') == std::string::npos) return;
  const std::int64_t block_rows = writer.block(0).size();
  const auto read = [&](RowRange rows) {
    std::vector<EarlierRow> earlier = rows_of(writer.paths(rows), writer.keys(rows), writer.status(rows));
    for (Row row = rows.begin; row < rows.end; ++row) {
      if (done[static_cast<std::size_t>(row / block_rows)] == '0')
        earlier[static_cast<std::size_t>(row - rows.begin)].status = RowStatus::pending;
    }
    return earlier;
  };
  const PictureChanges found = find_picture_changes(comm, entries, writer.root(), since, {writer.rows(), read});
  if (found.changes == 0) return;
  context.log.line("extract", fmt::format("{} pictures are others than when their rows were made: these are made anew",
                                          found.changes));
  comm.root_does([&] {
    for (const Row row : found.changed) writer.redo(row / block_rows);
  });
}

}  // namespace pool3::jobs
