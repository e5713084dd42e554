#pragma once
// What is wrong in a catalogue, from its features: labels, copies, outliers, classes.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pool3/mpi.hpp"
#include "pool3/neighbours.hpp"
#include "pool3/store/features.hpp"
#include "pool3/store/model.hpp"
#include "pool3/training.hpp"

namespace pool3 {

/// Small pictures of rows (small_picture.hpp), which near copies are recognised by where they are at hand.
struct SmallPictures {
  static constexpr std::int64_t side = 36;
  std::vector<bool> there;               ///< [rows] whether there is one
  std::span<const std::uint8_t> pixels;  ///< [rows, side, side, 3] RGB; of rows without one, anything
  std::shared_ptr<const void> owner;     ///< of the pixels. Its end may be collective
};

/// Pictures that are nearly the same; gathered around one of them each. No chains: every member is near its
/// representative. By features: rows whose cosine distance is a small share of what is usual between nearest
/// neighbours, or that are each other's nearest by far. By pictures: little is left once one is laid on the other.
struct NearCopies {
  double limit = 0;                 ///< the share of what is usual; only pairs may be farther apart
  std::vector<Row> representative;  ///< [rows of the file] of the row's cluster: itself, if it is alone
  std::vector<float> distance;      ///< [rows of the file] to the representative; `by_picture`, what is left, up to 1
  std::vector<bool> by_picture;     ///< [rows of the file] whether pictures have decided
};
/// Nothing larger is left of near copies.
inline constexpr double near_picture_limit = 40.0 / 255;

/// How near a copy is.
struct NearCopyOptions {
  double share = 0.13;  ///< of the median distance to the nearest neighbour
  int threads = 1;
};
/// Says that so many of `total` rows are done.
using ShowRows = std::function<void(std::int64_t done, std::int64_t total)>;
/// Of the rows that are done; rows of the same bytes are always together. Every rank gets the whole answer, which is
/// the same for any number of them. Collective; throws a collective Error.
[[nodiscard]] NearCopies find_near_copies(const Communicator& comm, const FeatureReader& reader,
                                          const NearCopyOptions& options, const ShowRows& show = {});

/// What one line of a list is about. What a list does not use is empty, or -1.
struct Finding {
  Row row = -1;
  std::string path, label;
  std::string suggested;  ///< the label that it should have, or the class that it is mixed up with
  Row other_row = -1;     ///< the picture that it is a copy of
  std::string other_path, other_label;
  std::string where;       ///< of copies: "within a class", "across classes", "across the split"
  std::int64_t rows = -1;  ///< of a class, or of two
  double score = 0;        ///< what the list is sorted by
  std::string reason;      ///< in words
};

/// One list, the surest finding first.
struct AuditList {
  std::string name;                  ///< "wrong_labels"
  std::vector<std::string> columns;  ///< those that it uses, as in docs/format.md
  std::vector<Finding> findings;
};

/// What is looked for.
struct AuditOptions {
  TrainingOptions training;  ///< C, kernel and solver of the held-out probabilities, with probability_folds
  Split split;               ///< that copies may lie across
  NearCopyOptions near;
  /// The small pictures of rows, which rise: called once, with one row of each content; the same on every rank.
  /// Without it, features alone say what is near. Collective.
  std::function<SmallPictures(const std::vector<Row>& rows)> pictures = {};
  double outlier_reach = 1.7;     ///< interquartile ranges above the third quartile
  std::int64_t small_class = 10;  ///< classes with fewer rows are too small
};
/// What model and flags say: C and kernel of `model`, if there is one; its split is for the caller to set.
[[nodiscard]] AuditOptions audit_options(const std::optional<Model>& model, double C, int folds, int threads);
/// Throws usage Error.
void check(const AuditOptions& options);

/// What was found. The root alone has the lists.
struct Audit {
  std::vector<AuditList> lists;    ///< same_bytes, wrong_labels, near_copies, outliers, overlaps, small_classes
  std::vector<std::string> notes;  ///< what could not be looked at, and why
  double near_limit = 0;           ///< cosine distance that near copies are below
  std::int64_t pictures = 0;       ///< that were compared, each content once
  double outlier_limit = 0;        ///< mean cosine distance to 10 neighbours that outliers are above
  std::int64_t rows = 0;           ///< that are done
  Provenance features;
};

/// How far an audit is.
struct AuditProgress {
  std::string stage;  ///< "neighbours", "pictures", "labels"
  std::int64_t done = 0;
  std::int64_t total = 0;  ///< 0: it does not count
  std::string note;
};
/// Collective; throws a collective Error. The root alone gets the lists.
[[nodiscard]] Audit audit_catalogue(const Communicator& comm, const FeatureReader& reader, const AuditOptions& options,
                                    const std::function<void(const AuditProgress&)>& progress = {});

/// A list as CSV: a header of its columns, a line a finding.
[[nodiscard]] std::string to_csv(const AuditList& list);
/// The whole audit as JSON. `features`, `model`: paths, as given. `config`: resolved configuration, JSON.
[[nodiscard]] std::string to_json(const Audit& audit, const std::string& features, const std::string& model,
                                  const std::string& config);
/// Numbers of findings in one line of JSON.
[[nodiscard]] std::string counts_json(const Audit& audit);

}  // namespace pool3
