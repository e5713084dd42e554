#pragma once
// What --corpus names: folders, tables, lists, tar files. Private to the room.

#include <string>
#include <vector>

#include "corpus/left_out.hpp"
#include "corpus/manifest_draft.hpp"
#include "pool3/corpus.hpp"
#include "pool3/mpi.hpp"

namespace pool3::corpus {

/// What all sources hold, but for the sizes of files; on the root.
struct ListedSources {
  std::string root;
  ManifestDraft draft;
  std::vector<ShardCount> shards;
  std::vector<std::string> notes;
  LeftOut left_out;
  std::int64_t damaged_shards = 0;
};

/// Lists all sources, in their order. Collective; throws a collective Error.
[[nodiscard]] ListedSources list_sources(const Communicator& comm, const CorpusOptions& options);

}  // namespace pool3::corpus
