#pragma once
// The catalogue: which images there are, in which order, with which labels.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/types.hpp"

namespace pool3 {

/// Many strings in one allocation.
class StringTable {
 public:
  void push_back(std::string_view text);
  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(ends_.size()); }
  [[nodiscard]] std::string_view operator[](std::int64_t i) const;

 private:
  std::string bytes_;
  std::vector<std::uint64_t> ends_;
};

/// The rule that gives a label. Parsed from "directory", "filename", "regex:PATTERN", "column", "none".
struct LabelRule {
  enum class Kind : std::uint8_t { directory, filename, regex, column, none } kind = Kind::directory;
  std::string pattern;  ///< for regex: ECMAScript, searched in the path; the first group is the label
};
/// Throws Error (usage) for a rule or pattern that can't be understood.
[[nodiscard]] LabelRule parse_label_rule(const std::string& text);

/// The whole catalogue, in byte order of paths (manifests and lists too; exact repeats of a path are dropped).
/// Row i of everything is image i here.
struct Manifest {
  std::string root;                  ///< absolute folder that relative paths start from
  StringTable paths;                 ///< relative to root, or absolute
  std::vector<std::int64_t> bytes;   ///< file sizes; -1 where the file could not be looked at
  std::vector<std::int32_t> labels;  ///< index into classes, -1 for none
  std::vector<std::string> classes;  ///< in byte order
  std::string hash;                  ///< XXH3-128 over paths, sizes and label names, 32 hex digits
  [[nodiscard]] std::int64_t size() const { return paths.size(); }
};

struct CorpusOptions {
  std::string corpus;  ///< folder (recursive), CSV or TSV manifest (path[,label]), or text list
  LabelRule labels;
};

/// Lists a corpus. A folder yields the files whose names end like a picture's (.jpg, .jpeg, .png, .webp, .gif,
/// .bmp, .tif, .tiff; any case). Symlinks are followed: one to a file is an entry of its own; a folder that several
/// lead to is visited by the first of them in byte order, so that loops end. A dangling one is an entry without size.
/// Called on rank 0; not collective.
/// Throws Error: a folder that can't be read, an empty corpus, a malformed manifest (with its line).
[[nodiscard]] Manifest list_corpus(const CorpusOptions& options);

/// The label of `path` under `rule`, or "" for none. `column` is the manifest's own label. For the rule `directory`,
/// leading "./" and "../" do not count, and an absolute path gives the folder that holds the file.
[[nodiscard]] std::string label_of(const LabelRule& rule, std::string_view path, std::string_view column);

/// Full path of a row.
[[nodiscard]] std::string full_path(const std::string& root, std::string_view path);

}  // namespace pool3
