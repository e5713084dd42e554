#pragma once
// Which folder of a path is the label, where it is not the top one. Private to the room.

#include <string>

#include "corpus/labels.hpp"
#include "corpus/manifest_draft.hpp"

namespace pool3::corpus {

/// Labels of a folder, or of a table without labels, that `label` has given by the top folder. Where that is the same
/// for all pictures, the folders below count, if there are two of them or more and each picture is in one; likewise
/// below the sides of a split (train/CLASS/..., also train/train/CLASS/...). Sets the labels and says so in a line; ""
/// where the top folders stay.
[[nodiscard]] std::string look_below(ManifestDraft& draft, const Labeller& label);

}  // namespace pool3::corpus
