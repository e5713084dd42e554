#pragma once
// Files: opened with every call checked, looked at before hours of work, written whole or not at all.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "pool3/error.hpp"

namespace pool3 {

/// What is being done to which file: the first two fields of an error line.
struct Place {
  std::string stage;
  std::string path;
};

/// An Error about a file. It is returned, for the caller to throw.
[[nodiscard]] Error error_at(const Place& place, std::string cause, std::string advice = {});
/// With the text of `error_number` (an errno value) as cause.
[[nodiscard]] Error file_error(const Place& place, int error_number, std::string advice = {});
/// The same for a failed write, with advice on what the user can mend.
[[nodiscard]] Error write_error(const Place& place, int error_number);

/// An open file, or none. Move-only. Reads and writes at offsets are safe from any thread. Errors name its place.
class Descriptor {
 public:
  Descriptor() = default;
  /// Opens place.path; `flags` as for open(2), and a new file is made with mode 0666 & ~umask. Throws Error.
  Descriptor(Place place, int flags);
  /// The same, but none where the file can't be opened. Then errno says why.
  [[nodiscard]] static Descriptor try_open(Place place, int flags);
  /// Takes ownership of a file that is open already, or of a failed open's -1.
  [[nodiscard]] static Descriptor adopt(Place place, int number);
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  [[nodiscard]] bool is_open() const { return number_ >= 0; }
  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] const Place& place() const { return place_; }

  // REQUIRES, from here on: is_open(). All but try_read() throw Error.
  [[nodiscard]] std::int64_t size() const;
  /// Bytes read; fewer than asked for only at the end of the file.
  [[nodiscard]] std::size_t read(std::int64_t offset, std::span<std::byte> out) const;
  /// The same, but -1 where the system can't read. Then errno says why.
  [[nodiscard]] std::int64_t try_read(std::int64_t offset, std::span<std::byte> out) const noexcept;
  /// Writes all of `in`.
  void write(std::int64_t offset, std::span<const std::byte> in) const;
  void write(std::int64_t offset, std::string_view in) const { write(offset, std::as_bytes(std::span(in))); }
  void truncate(std::int64_t bytes) const;
  /// Takes the space of all bytes now, if the file system can. Then no later write to them finds it full, and several
  /// processes write them side by side.
  void reserve() const;
  /// Returns when the content is on stable storage.
  void sync() const;
  /// Closes it now. Some file systems say only then that they could not write.
  void close();

 private:
  Descriptor(int number, Place place) : place_(std::move(place)), number_(number) {}

  Place place_;
  int number_ = -1;
};

// What comes from outside is opened through these: regular files alone. A pipe, a device, a socket or a folder is
// refused at once, and keeps nobody waiting.

/// Opens place.path for reading. `advice`: where it can't be opened. Throws Error.
[[nodiscard]] Descriptor open_source(Place place, const std::string& advice = {});
/// All bytes of it. Throws Error, also if it has more than `most_bytes`.
[[nodiscard]] std::string read_source(const Place& place, std::int64_t most_bytes);

/// The folder that holds `path`; "." for a bare name.
[[nodiscard]] std::string folder_of(const std::string& path);
[[nodiscard]] bool file_exists(const std::string& path);
/// Throws Error.
[[nodiscard]] std::int64_t file_bytes(const Place& place);

// Checks that throw Error: better now than after hours of work.

/// Throws unless a file can be made at place.path: its folder is there and writable, and it is not itself a folder.
void check_output(const Place& place);
/// Throws unless files can be made in the folder of place.path.
void check_folder(const Place& place);
/// Throws if the file system of place.path says that it has less than `bytes` free.
void check_space(const Place& place, std::int64_t bytes);
/// Throws unless place.path is a regular file that can be read.
void check_source(const Place& place);

/// Makes the folder place.path and its parents, unless they are there. Throws Error.
void make_folder(const Place& place);
/// Removes a file, if it is there. Throws Error.
void remove_file(const Place& place);
/// Returns when the content of a file is on stable storage. Throws Error.
void sync_file(const Place& place);

/// How a file is written whole.
struct WholeFileOptions {
  /// The file and its name survive a loss of power. Without that, a loss of power may leave it empty.
  bool durable = true;
  /// Removes what writers of the same file that were killed have left beside it. That lists the folder, so it is not
  /// for a folder in which thousands of files are written.
  bool sweep = true;
};

/// Writes a file whole or not at all. `write` fills an empty file with a temporary name beside place.path, which is
/// made with mode 0666 & ~umask; then it is synced and renamed, and its folder is synced. Who reads place.path
/// meanwhile sees the old file. Several processes may write one file at the same time: each has a temporary of its own,
/// PATH.HOST.PID.RANDOM.tmp, and the last whole file wins. A temporary name that is taken, by a link or a file, is
/// never followed or written to. If anything throws, the old file stays, the temporary goes, and the error names
/// place.path. A process that is killed leaves its temporary, which the next writer of the file on that host removes.
void make_whole_file(const Place& place, const std::function<void(const Place& temporary)>& write,
                     WholeFileOptions options = {});
/// The same, with `parts`, one after the other, as content.
void write_whole_file(const Place& place, std::span<const std::string_view> parts, WholeFileOptions options = {});
void write_whole_file(const Place& place, std::string_view content, WholeFileOptions options = {});
/// Removes what killed writers of this file have left beside it. Never throws.
void sweep_temporaries(const Place& place) noexcept;
/// write_whole_file() for a symbolic link to `target`.
void write_whole_link(const Place& place, const std::string& target);

/// Opens a file whose name others can guess, in a folder that they may write to: what a job keeps beside its output.
/// `flags` as for Descriptor. Throws Error for what is not the job's own: a symbolic link, something that is no regular
/// file, a file with a second name (hard link), and, in a folder with the sticky bit that others may write to, a file
/// of somebody else than this user and the folder's owner.
[[nodiscard]] Descriptor open_own(Place place, int flags);
/// The same, but none where there is no such file.
[[nodiscard]] Descriptor try_open_own(Place place, int flags);

/// The last steps of make_whole_file(), for a file with a name of its own: syncs `from`, renames it to place.path,
/// syncs the folder. Throws Error.
void rename_durably(const std::string& from, const Place& place);

}  // namespace pool3
