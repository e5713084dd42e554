#pragma once
// Findings, one list after the other. All on the root alone.

#include "audit/held_out_judgement.hpp"
#include "audit/surroundings.hpp"
#include "pool3/audit.hpp"

namespace pool3::audit {

/// What lists look up.
struct Catalogue {
  const FeatureReader* reader = nullptr;
  std::vector<std::int32_t> labels;
  std::vector<ImageKey> keys;
  std::vector<RowStatus> status;
  std::vector<bool> held_out;  ///< by the split that copies may lie across

  Catalogue(const FeatureReader& file, const Split& split);
  [[nodiscard]] std::string path(Row row) const;
  [[nodiscard]] std::string label(Row row) const;  ///< "" without one
  /// The row with its path and label.
  [[nodiscard]] Finding finding(Row row) const;
};

[[nodiscard]] AuditList same_bytes(const Catalogue& catalogue);
[[nodiscard]] AuditList wrong_labels(const Catalogue& catalogue, const std::vector<Doubt>& doubts);
[[nodiscard]] AuditList near_copies(const Catalogue& catalogue, const NearCopies& copies);
[[nodiscard]] AuditList outliers(const Catalogue& catalogue, const Surroundings& around, double limit);
[[nodiscard]] AuditList overlapping(const Catalogue& catalogue, const Judgement& judgement);
[[nodiscard]] AuditList small_classes(const Catalogue& catalogue, std::int64_t enough);

}  // namespace pool3::audit
