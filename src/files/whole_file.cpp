#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "files/temporaries.hpp"
#include "pool3/files.hpp"

namespace pool3 {
namespace {

void rename_to(const std::string& from, const Place& place) {
  if (std::rename(from.c_str(), place.path.c_str()) != 0) throw file_error(place, errno);
}

/// Returns when the names in the folder of place.path are on stable storage. A folder that may be written but not read
/// can't be opened for that; then the system writes them when it likes.
void sync_folder(const Place& place) {
  const Descriptor folder = Descriptor::try_open({place.stage, folder_of(place.path)}, O_RDONLY | O_DIRECTORY);
  if (!folder.is_open() && errno == EACCES) return;
  if (!folder.is_open()) throw file_error(folder.place(), errno);
  // EINVAL: a file system that can't sync a folder.
  if (fsync(folder.number()) != 0 && errno != EINVAL) throw write_error(folder.place(), errno);
}

/// Runs `action`. If it throws, `temporary` is removed, and an error about it becomes one about `place`.
void without_trace(const Place& place, const std::string& temporary, const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    unlink(temporary.c_str());
    if (error.fields().path != temporary) throw;
    ErrorFields fields = error.fields();
    fields.path = place.path;
    throw Error(std::move(fields), error.collective());
  } catch (...) {
    unlink(temporary.c_str());
    throw;
  }
}

}  // namespace

void sync_file(const Place& place) {
  const Descriptor file(place, O_RDONLY);
  if (fsync(file.number()) != 0 && errno != EINVAL) throw write_error(place, errno);
}

void rename_durably(const std::string& from, const Place& place) {
  sync_file({place.stage, from});
  rename_to(from, place);
  sync_folder(place);
}

void make_whole_file(const Place& place, const std::function<void(const Place& temporary)>& write,
                     WholeFileOptions options) {
  if (options.sweep) files::remove_dead_temporaries(place.path);
  const Place temporary{place.stage, files::temporary_name(place.path)};
  without_trace(place, temporary.path, [&] {
    static_cast<void>(Descriptor(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW));  // this process's own from here
    write(temporary);
    options.durable ? rename_durably(temporary.path, place) : rename_to(temporary.path, place);
  });
}

void write_whole_file(const Place& place, std::span<const std::string_view> parts, WholeFileOptions options) {
  const auto write = [&](const Place& temporary) {
    const Descriptor file(temporary, O_WRONLY | O_NOFOLLOW);
    std::int64_t offset = 0;
    for (const std::string_view part : parts) {
      file.write(offset, part);
      offset += static_cast<std::int64_t>(part.size());
    }
  };
  make_whole_file(place, write, options);
}

void write_whole_file(const Place& place, std::string_view content, WholeFileOptions options) {
  write_whole_file(place, std::span(&content, 1), options);
}

void sweep_temporaries(const Place& place) noexcept { files::remove_dead_temporaries(place.path); }

void write_whole_link(const Place& place, const std::string& target) {
  files::remove_dead_temporaries(place.path);
  const Place temporary{place.stage, files::temporary_name(place.path)};
  without_trace(place, temporary.path, [&] {
    if (symlink(target.c_str(), temporary.path.c_str()) != 0) throw file_error(place, errno);
    rename_to(temporary.path, place);
    sync_folder(place);
  });
}

}  // namespace pool3
