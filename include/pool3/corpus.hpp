#pragma once
// The catalogue: which images there are, in which order, with which labels; and the bytes of each.
//
// A *source* is what --corpus names: a folder, a table or list, a tar file (a *shard*). All sources make the corpus.
// The *catalogue* is the pictures in it, and a Manifest is the catalogue in memory.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/mpi.hpp"
#include "pool3/types.hpp"

namespace pool3 {

/// Many strings, at 8 bytes each beside their own. A string has less than 16 MiB.
class StringTable {
 public:
  void push_back(std::string_view text);
  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(places_.size()); }
  [[nodiscard]] std::string_view operator[](std::int64_t i) const;
  /// Keeps the strings at these indices, in this order.
  void keep(std::span<const std::int64_t> indices);

 private:
  std::vector<std::string> chunks_;    ///< so that growing never copies all of them
  std::vector<std::uint64_t> places_;  ///< of each string: offset over all chunks and length
};

/// The rule that gives a label. Parsed from "auto", "directory", "filename", "regex:PATTERN", "column", "none".
/// `automatic`: the column of tables that have one, the directory of all other pictures. If all pictures of a folder
/// (or of a table without labels) are in one folder, or their top folders are sides of a split, the folders below
/// count. A picture of a tar file that is in no folder has the label of KEY.cls or KEY.json.
struct LabelRule {
  enum class Kind : std::uint8_t { directory, filename, regex, column, none, automatic } kind = Kind::directory;
  std::string pattern;  ///< for regex: ECMAScript, searched in the path; the first group is the label
};
/// Throws Error (usage) for a rule or pattern that can't be understood.
[[nodiscard]] LabelRule parse_label_rule(const std::string& text);

/// What becomes of a picture that rows of tables give several labels. Parsed from "refuse", "none", "first" and
/// "highest:COLUMN".
struct SeveralLabels {
  enum class Kind : std::uint8_t {
    refuse,  ///< an Error that names the rows
    none,    ///< it has no label
    first,   ///< that of its first row with one
    highest  ///< that of the row with the highest number in `column`; rows without one above 0 count as without a label
  } kind = Kind::refuse;
  std::string column;  ///< a name of the header, or a number from 1
};
/// Throws Error (usage).
[[nodiscard]] SeveralLabels parse_several_labels(const std::string& text);

/// A tar file of a catalogue.
struct ShardCount {
  std::string path;
  std::int64_t images = 0;  ///< as listed, before any were left out
  std::int64_t bytes = 0;   ///< of these pictures
};

/// The whole catalogue, in byte order of paths, whatever the source; exact repeats of a path are dropped. Row i of
/// everything is image i here.
struct Manifest {
  std::string root;                  ///< absolute folder that relative paths start from
  StringTable paths;                 ///< relative to root, or absolute; of a member of a tar file: FILE.tar/MEMBER
  std::vector<std::int64_t> bytes;   ///< file sizes; -1 where the file could not be looked at
  std::vector<std::int32_t> labels;  ///< index into classes, -1 for none
  std::vector<std::string> classes;  ///< in byte order, or as --classes has them
  std::string hash;                  ///< XXH3-128 over paths, sizes and label names (and fixed classes), 32 hex digits
  std::vector<ShardCount> shards;    ///< the tar files, in byte order of paths
  std::vector<std::string> notes;    ///< what the user should know: what was left out, which shards are damaged
  std::int64_t damaged_shards = 0;   ///< shards that had pictures that could not be listed
  std::int64_t unread_rows = 0;      ///< damaged rows of tables: their pictures are not here
  [[nodiscard]] std::int64_t size() const { return paths.size(); }
};

struct CorpusOptions {
  /// The sources. Each is a folder (recursive), a CSV or TSV table (path[,label]), JSON, a text list, or a tar
  /// file (also .gz, .zst, .xz, .bz2), with braces and wildcards as in a shell: a-{000..127}.tar, {a,b}.csv, *.tar.
  std::vector<std::string> corpus;
  LabelRule labels;
  std::string path_column, label_column;  ///< of tables: a name of the header, or a number from 1; "": found
  SeveralLabels several_labels;
  std::string path_root;             ///< folder that relative paths in tables and lists start from; "": their own
  std::string classes;               ///< text list: exactly these classes in this order; "" for those that occur
  std::int64_t min_per_class = 0;    ///< smaller classes are left out, with their pictures
  std::int64_t limit_per_class = 0;  ///< at most so many pictures of a class, chosen by a hash of paths; 0: all
};

/// Lists all sources. Collective: all ranks look at folders, files and shards; the root alone gets the manifest, others
/// an empty one. `options` agree on all ranks.
///
/// A folder yields the files whose names end like a picture's (.jpg, .jpeg, .jpe, .jfif, .jif, .pjpeg, .pjp, .png,
/// .apng, .webp, .gif, .bmp, .dib, .tif, .tiff, .ppm, .pgm, .pbm, .pnm, .ico, .tga; any case). Names that begin with a
/// dot are left out, and what systems and editors leave behind (__MACOSX, @eaDir, lost+found ...); all that is left out
/// is counted in a note. Symlinks are followed: one to a file is an entry of its own; a folder that several lead to is
/// visited by the first of them in byte order, so that loops end. A dangling one is an entry without size. A folder
/// that has tar files and no pictures yields what they hold. A tar file yields its members with such names. The column
/// of KEY.jpg is the text of KEY.cls, the "label", "class" or "cls" of KEY.json, or the text of KEY.txt: the first that
/// there is, even if it holds no label. Its index is kept beside it, if that folder can be written. A damaged shard
/// yields the pictures before the damage, and a note; so does one without tar's end block. A table may have commas,
/// semicolons, tabs or bars, and a header with the names that other tools use. Where its paths lead nowhere as written,
/// but do in another way, always the same (with slashes, without folders in front, in a folder beside the table, with
/// an ending), they are taken so. Notes say which column was taken for what, how paths were taken, and how many
/// pictures are not there and why perhaps. Blanks around labels don't count; one in a table that is no UTF-8 is an
/// error. The root is that of the first source. Throws a collective Error: what can't be read, an empty corpus, a
/// malformed table (with its line), a picture with several labels (by default).
[[nodiscard]] Manifest list_corpus(const Communicator& comm, const CorpusOptions& options);

/// A column of a table, beside the paths in it.
struct PathValues {
  std::string folder;               ///< absolute, without links: that relative paths start from
  std::vector<std::string> paths;   ///< as written
  std::vector<std::string> values;  ///< one for each path, without blanks around it; empty of a list of paths alone
};
/// What a table (.csv, .tsv) says of each path in its column `column`, a name of the header or a number from 1; if that
/// is "", in the column with the first of the `usual` names that is there (in lower case, without blanks and what tools
/// put between words), or the only other one. Of a list, what follows each path. Nothing if the file's rows have no
/// paths. Throws Error.
[[nodiscard]] std::optional<PathValues> read_path_values(const std::string& table, const std::string& column,
                                                         std::span<const std::string_view> usual);

/// The names that the sources' braces and wildcards stand for. Throws Error (usage) for those that can't be understood.
[[nodiscard]] std::vector<std::string> source_names(const std::vector<std::string>& corpus);
/// True if it ends like the name of a picture in a folder.
[[nodiscard]] bool names_picture(std::string_view path);

/// True if it ends like the name of a picture in a format that is not read, as .heic.
[[nodiscard]] bool names_unread_picture(std::string_view path);

/// True if it ends like the name of a table or a list of pictures.
[[nodiscard]] bool names_table(std::string_view path);

/// True for an address, as http://..., s3://..., rather than a path.
[[nodiscard]] bool names_address(std::string_view path);

/// The label of `path` under `rule`, or "" for none. `column` is the label that the table or shard gives; `automatic`
/// is `directory` here. For that rule, leading "./" do not count, and a path that leaves its root ("/..." or "../...")
/// gives the folder that holds the file.
[[nodiscard]] std::string label_of(const LabelRule& rule, std::string_view path, std::string_view column);

/// Full path of a row. An empty root is the working folder.
[[nodiscard]] std::string full_path(const std::string& root, std::string_view path);

/// An entry that can't be read: a row with a status, not the end of the job. `what()` is one line without the path.
class ReadError : public std::runtime_error {
 public:
  explicit ReadError(const std::string& message, RowStatus status = RowStatus::unreadable)
      : std::runtime_error(message), status_(status) {}
  /// `missing` for a file that is not there, else `unreadable`.
  [[nodiscard]] RowStatus status() const { return status_; }

 private:
  RowStatus status_;
};

namespace corpus {
class Shards;
}

/// What an EntryReader refuses before it takes memory or space.
struct EntryLimits {
  std::int64_t bytes = std::numeric_limits<std::int64_t>::max();  ///< of an entry
  /// Of the pictures of one compressed shard, unpacked. 0: 16 times the shard, 4 GiB at least. Pictures hardly
  /// compress.
  std::int64_t shard_bytes = 0;
  /// Called with the first bytes of a large entry. What it throws, if these begin no picture, read() throws.
  std::function<void(std::span<const std::byte> head)> check_head;
};

/// Reads the bytes of catalogue entries: files, and members of tar files (FILE.tar/MEMBER), which it keeps open.
/// The pictures of a compressed shard are unpacked once, into a nameless file in $TMPDIR (or /tmp). Thread-safe; copies
/// share all.
class EntryReader {
 public:
  explicit EntryReader(std::string root = {}, EntryLimits limits = {});
  /// The whole entry. Throws ReadError; throws Error if $TMPDIR can't be written.
  [[nodiscard]] std::vector<std::byte> read(std::string_view path) const;

 private:
  std::string root_;
  EntryLimits limits_;
  std::shared_ptr<corpus::Shards> shards_;
};

}  // namespace pool3
