#include "pool3/partition/split_sides.hpp"

#include <algorithm>
#include <string>

#include "pool3/text.hpp"

namespace pool3 {
namespace {

constexpr std::array<std::string_view, 3> training_names = {"train", "training", "tr"};
constexpr std::array<std::string_view, 4> test_names = {"test", "testing", "holdout", "heldout"};
constexpr std::array<std::string_view, 9> left_out_names = {"val",     "valid", "validation", "dev",       "eval",
                                                            "leftout", "pred",  "unlabeled",  "unlabelled"};
/// What people put beside such a name, as in train_set, test-images, seg_train.
constexpr std::array<std::string_view, 7> fillers = {"set", "split", "data", "images", "imgs", "pictures", "seg"};

bool is_gap(char c) { return c == '_' || c == '-' || c == ' '; }

template <typename Names>
bool is_in(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// Without a year behind, as in train2017 and val_2019.
std::string_view without_year(std::string_view name) {
  constexpr std::size_t digits = 4;
  if (name.size() <= digits) return name;
  const std::string_view year = name.substr(name.size() - digits);
  if (year.find_first_not_of("0123456789") != std::string_view::npos) return name;
  if (!year.starts_with("19") && !year.starts_with("20")) return name;
  name.remove_suffix(digits);
  if (is_gap(name.back())) name.remove_suffix(1);
  return name;
}

/// Lower case, without gaps, a year, and one filler at an end.
std::string bare(std::string_view name) {
  std::string text = lower_case(without_year(name));
  const std::size_t first = text.find_first_of("_- "), last = text.find_last_of("_- ");
  if (first != std::string::npos && is_in(fillers, text.substr(0, first))) {
    text.erase(0, first);
  } else if (last != std::string::npos && is_in(fillers, text.substr(last + 1))) {
    text.resize(last);
  } else if (text.ends_with("set")) {
    text.resize(text.size() - 3);
  }
  std::erase_if(text, is_gap);
  return text;
}

}  // namespace

std::optional<RowSide> side_of_name(std::string_view name) {
  const std::string text = bare(name);
  if (is_in(training_names, text)) return RowSide::training;
  if (is_in(test_names, text)) return RowSide::held_out;
  if (is_in(left_out_names, text)) return RowSide::left_out;
  return std::nullopt;
}

}  // namespace pool3
