#pragma once
// The sides of a split, and what people call them.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pool3 {

/// Where a row is in a split. left_out: on neither side.
enum class RowSide : std::uint8_t { training, held_out, left_out };
inline constexpr std::array<std::string_view, 3> row_side_names = {"training", "held_out", "left_out"};

/// The side that a name of a split stands for, in any case: "train", "training" ... are training, "test", "testing",
/// "holdout" ... held out, "val", "valid", "validation", "dev", "unlabeled" ... left out; also with a word beside it,
/// as in "train_set", "trainset", "test-images", "seg_train", or a year, as in "val2017". Nothing for other texts.
[[nodiscard]] std::optional<RowSide> side_of_name(std::string_view name);

}  // namespace pool3
