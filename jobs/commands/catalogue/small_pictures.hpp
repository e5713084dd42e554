#pragma once
// The pictures of a catalogue made small, to be compared.

#include <string>
#include <vector>

#include "pool3/audit.hpp"
#include "pool3/mpi.hpp"
#include "pool3/store/features.hpp"

namespace pool3::jobs {

/// Of `rows`, from `folders` first, then from where the file says. A picture that can't be read, or is another one than
/// the features were made of, is not there. Ranks share the work; every rank gets all. `show` says how many this rank
/// has looked at. Collective; throws a collective Error.
[[nodiscard]] SmallPictures small_pictures(const Communicator& comm, const FeatureReader& reader,
                                           const std::vector<Row>& rows, const std::vector<std::string>& folders,
                                           int threads, const ShowRows& show);

}  // namespace pool3::jobs
