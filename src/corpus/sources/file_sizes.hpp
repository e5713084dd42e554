#pragma once
// Sizes of the files that tables name. Private to the room.

#include <string>

#include "corpus/manifest_draft.hpp"
#include "pool3/mpi.hpp"

namespace pool3::corpus {

/// Looks up the sizes that are unknown. Collective: files are dealt out to the ranks; `draft` and `root` count on the
/// root only.
void look_up_sizes(const Communicator& comm, const std::string& root, ManifestDraft& draft);

}  // namespace pool3::corpus
