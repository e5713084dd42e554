#pragma once
// Which classes there are, and which pictures stay. Private to the room.

#include <string>
#include <vector>

#include "corpus/manifest_draft.hpp"
#include "pool3/corpus.hpp"

namespace pool3::corpus {

/// The classes of a text list, one a line, in their order. Throws Error: can't be read, no class, one twice.
[[nodiscard]] std::vector<std::string> read_classes(const std::string& path);

/// Chooses classes and pictures as `options` say: pictures of other classes leave the draft, and labels become
/// indices into the classes that are returned. Pictures without a label stay. Says in `notes` what was left out.
[[nodiscard]] std::vector<std::string> choose_classes(ManifestDraft& draft, const CorpusOptions& options,
                                                      std::vector<std::string>& notes);

}  // namespace pool3::corpus
