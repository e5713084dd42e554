#pragma once
// Pictures that have become others since their rows were made, though the catalogue has the same names and sizes.

#include <string>

#include "command.hpp"
#include "pool3/extraction.hpp"

namespace pool3::jobs {

/// The time from which on a picture's change counts for what is beside `out`, as the root sees it. Collective.
[[nodiscard]] std::int64_t unfinished_since(const Context& context, const std::string& out);

/// Compares the pictures that were touched since the finished file `out` was written with its keys: those of the folder
/// `root` (which counts on the root), of rows that are done, or of failed ones too, and says how many are others. If
/// none is, the file's time becomes that of the last touch, so that the next job compares none again. Collective.
enum class WhichRows : bool { done, all };
[[nodiscard]] PictureChanges changes_since(const Context& context, const std::string& out, std::string root,
                                           std::int64_t most_bytes, WhichRows which);

/// The same for the blocks that an unfinished file has; those with a changed picture are made again. Collective.
void redo_changed(const Context& context, FeatureWriter& writer, const EntryReader& entries, std::int64_t since);

}  // namespace pool3::jobs
