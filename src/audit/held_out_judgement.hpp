#pragma once
// What models that never saw a row say of its label.

#include "audit/confident_learning.hpp"
#include "pool3/audit.hpp"

namespace pool3::audit {

struct Judgement {
  std::vector<Doubt> doubts;        ///< rows of the file, the least confident first; on the root alone
  std::vector<std::int64_t> joint;  ///< [classes, classes] given label, confident class
  std::vector<std::int64_t> rows;   ///< [classes] that were judged
};
/// Of all rows that are done and have a label, by cross-validation: rows of one group (near copies) are in one fold.
/// REQUIRES: two classes with rows. Collective; throws a collective Error.
[[nodiscard]] Judgement judge_labels(const Communicator& comm, const FeatureReader& reader, const NearCopies& copies,
                                     TrainingOptions options, const ShowProgress& progress);

}  // namespace pool3::audit
