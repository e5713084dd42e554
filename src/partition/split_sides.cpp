#include "pool3/split_sides.hpp"

#include <algorithm>
#include <cctype>
#include <string>

namespace pool3 {
namespace {

constexpr std::array<std::string_view, 4> training_names = {"train", "training", "trainset", "tr"};
constexpr std::array<std::string_view, 8> test_names = {"test",     "testing",  "testset",  "holdout",
                                                        "held_out", "held-out", "hold-out", "heldout"};
constexpr std::array<std::string_view, 7> validation_names = {"val",    "valid", "validation", "dev",
                                                              "valset", "eval",  "left_out"};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

std::optional<RowSide> side_of_name(std::string_view name) {
  const std::string text = lower(name);
  const auto is_in = [&](const auto& names) { return std::ranges::find(names, text) != names.end(); };
  if (is_in(training_names)) return RowSide::training;
  if (is_in(test_names)) return RowSide::held_out;
  if (is_in(validation_names)) return RowSide::left_out;
  return std::nullopt;
}

}  // namespace pool3
