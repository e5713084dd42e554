#pragma once
// The parts of a corpus: folders, tables, lists, tar files. Private to the room.

#include <string>
#include <vector>

#include "corpus/labels.hpp"
#include "corpus/listing.hpp"
#include "pool3/corpus.hpp"
#include "pool3/mpi.hpp"

namespace pool3::corpus {

/// Braces as in a shell: {000..012}, {a,b}; several are all combined. What exists under its very name is taken as it
/// is. Throws Error (usage): a brace that can't be understood, more than a million names.
[[nodiscard]] std::vector<std::string> expand_braces(const std::string& text);

/// Everything but sizes, on the root.
struct Sources {
  std::string root;
  Listing listing;
  std::vector<ShardCount> shards;
  std::vector<std::string> notes;
};

/// Lists all parts, in their order. Collective; throws a collective Error.
[[nodiscard]] Sources list_sources(const Communicator& comm, const std::vector<std::string>& corpus,
                                   const LabelRule& rule);

/// Looks up the sizes that are unknown. Collective: files are dealt out to the ranks; `listing` and `root` count on the
/// root only.
void look_up_sizes(const Communicator& comm, const std::string& root, Listing& listing);

}  // namespace pool3::corpus
