#pragma once
// The flags of extract, in groups that each go to one place.

#include <cstdint>
#include <string>
#include <vector>

#include "console/flags/options.hpp"
#include "pool3/corpus.hpp"
#include "setup/network_options.hpp"

namespace pool3::jobs {

/// Which pictures. Goes to list_corpus().
struct CatalogueFlags {
  std::vector<std::string> corpus;
  std::string labels, path_column, label_column, several_labels, path_root, classes;
  std::int64_t min_per_class = 0, limit_per_class = 0;
  std::int64_t max_shard_gib = 0;  ///< goes to EntryLimits
};

/// The file that is made. Goes to FeatureWriter.
struct FileFlags {
  std::string out, part, dtype;
  std::int64_t alignment = 0, stripe_count = 0, stripe_size = 0;
  bool durable = false;
};

/// What to do, and when to give up. Stays in extract().
struct PolicyFlags {
  std::string update_from, max_failures;
  bool retry_failed = false, dry_run = false, overwrite = false;
};

struct ExtractOptions {
  CatalogueFlags catalogue;
  NetworkFlags network;
  DecodingFlags decoding;
  FileFlags file;
  PolicyFlags policy;
};

/// Flags of extract but --out and --part, under headings; those of the file come last.
void declare_extract(OptionParser& parser, ExtractOptions& options);
/// Throws Error (usage) for values that can't be.
void check(const ExtractOptions& options);

/// True for flags that change `content`, and for the command: other values may give the same file.
[[nodiscard]] bool is_told_by_content(const std::string& flag);

/// REQUIRES: checked flags.
[[nodiscard]] CorpusOptions corpus_options(const CatalogueFlags& flags);

/// Which rows of a catalogue one file holds, and how.
struct FileShape {
  std::int64_t part = 1, parts = 1;
  FeatureType type = FeatureType::float32;
  bool operator==(const FileShape&) const = default;
};
/// Throws Error (usage) for flags that can't be understood.
[[nodiscard]] FileShape shape_of(const FileFlags& flags);
/// Rows of the catalogue that this file holds: whole blocks.
[[nodiscard]] RowRange rows_of_part(std::int64_t catalogue_rows, std::int64_t block_rows, const FileShape& shape);

/// How many pictures may fail: "12" or "5%" of `rows`; -1 (no limit) for "". Throws Error (usage).
[[nodiscard]] std::int64_t failure_limit(const std::string& text, std::int64_t rows);

}  // namespace pool3::jobs
