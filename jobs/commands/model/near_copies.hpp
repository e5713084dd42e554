#pragma once
// Near copies: what they do to an accuracy, and how to keep them on one side of a split.

#include <cstdint>
#include <string>
#include <vector>

#include "command.hpp"
#include "pool3/audit.hpp"
#include "pool3/evaluation/measures.hpp"
#include "pool3/mpi.hpp"
#include "pool3/store/features.hpp"
#include "pool3/training.hpp"

namespace pool3::jobs {

/// Finds them, and says so in the log: it takes a while. Collective; throws a collective Error.
[[nodiscard]] NearCopies look_for_near_copies(const Context& context, const FeatureReader& reader, int threads);

/// Held-out rows with and without a near copy (audit.hpp) among all other usable rows.
struct ApartFromCopies {
  std::int64_t with_copy = 0;  ///< rows that a model may know from a near copy in training
  std::int64_t rows = 0;       ///< the others
  std::int64_t right = 0;      ///< of the others
  [[nodiscard]] double accuracy() const {
    return rows > 0 ? static_cast<double>(right) / static_cast<double>(rows) : 0;
  }
};
/// `held_out`: this rank's share of the held-out rows; what is done, has a label and is not held out counts as
/// training. The root alone gets the answer. Collective; throws a collective Error.
[[nodiscard]] ApartFromCopies apart_from_copies(const Communicator& comm, const FeatureReader& reader,
                                                const NearCopies& copies, const std::vector<RowResult>& held_out);

/// "accuracy on 90 held-out images without near copies in training: 0.5; 10 have one".
[[nodiscard]] std::string text_of(const ApartFromCopies& apart);
/// The JSON of an evaluation with a field `near_copies`.
[[nodiscard]] std::string with_copies(const std::string& evaluation_json, const ApartFromCopies& apart);

/// Rows of one cluster of near copies become a group of `split`; with groups that it has already, all rows that hang
/// together do. A cluster's number is that of its representative's content. Returns a line for the log, the same on
/// every rank. Collective; throws a collective Error.
[[nodiscard]] std::string group_near_copies(const Communicator& comm, const FeatureReader& reader,
                                            const NearCopies& copies, Split& split);

}  // namespace pool3::jobs
