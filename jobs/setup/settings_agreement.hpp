#pragma once
// All ranks of a job were started alike.

#include <map>
#include <string>

#include "pool3/mpi.hpp"

namespace pool3::jobs {

/// What a rank has, by name: {"--C", "1"}.
using Settings = std::map<std::string, std::string>;

/// Throws a collective Error (usage) in one line that names what differs and on which ranks, unless all have the same.
/// Collective.
void agree_on(const Communicator& comm, const Settings& mine);

/// Of ranks of which each has given one text: "train on ranks 0-2, extract on rank 3".
[[nodiscard]] std::string by_rank(const std::vector<std::string>& values);

}  // namespace pool3::jobs
