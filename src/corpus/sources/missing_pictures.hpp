#pragma once
// Pictures that are named and not there: why that may be. Private to the room.

#include <string>

#include "corpus/manifest_draft.hpp"

namespace pool3::corpus {

/// One line: how many pictures are not there, the first of them, where it was looked for, and if one is found beside
/// it, what sets the two apart: backslashes, an ending that the name lacks, blanks, a number in front, case, the
/// Unicode form or the ending of a name, the folder that paths start from. "" if none is missing. REQUIRES: sizes were
/// looked up; the root.
[[nodiscard]] std::string note_on_missing(const std::string& root, const ManifestDraft& draft);

}  // namespace pool3::corpus
