#pragma once
// From a feature file to the rows that training and evaluation work on.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "pool3/features.hpp"
#include "pool3/svm.hpp"

namespace pool3 {

/// Which rows are held out.
struct Split {
  std::uint64_t seed = 42;
  double test_fraction = 0.2;
};
/// Throws usage Error unless 0 <= test_fraction < 1.
void check(const Split& split);

enum class Side : std::uint8_t { training, test };

/// Some rows of a file and what is in them.
struct LabelledRows {
  std::vector<Row> rows;
  std::vector<std::int32_t> labels;
  std::vector<ImageKey> keys;
  std::span<const float> features;  ///< [rows, feature_dim]
};

/// Calls `use` with the wanted rows (done, with a label, on `side`) of each of this rank's blocks. The blocks are dealt
/// out to the ranks of `comm` in turn, so that each rank gets rows of every class of a catalogue that comes sorted by
/// class. Holds one block. Collective; throws a collective Error on a table or a block that is damaged, or that `use`
/// throws.
void for_each_labelled_rows(const Communicator& comm, const FeatureReader& reader, const Split& split, Side side,
                            const std::function<void(const LabelledRows&)>& use);

/// This rank's share of the training rows, with folds if `folds` > 0. `row_weights`: FILE[:DATASET], or "" for none;
/// rows of weight 0 are left out. Collective.
[[nodiscard]] Problem load_training_rows(const Communicator& comm, const FeatureReader& reader, const Split& split,
                                         int folds, const std::string& row_weights);

}  // namespace pool3
