#include <fmt/format.h>

#include <algorithm>

#include "exchange/import/table_readers.hpp"
#include "pool3/error.hpp"

namespace pool3::exchange {

std::vector<std::string> one_hot_labels(TableReader& table, const Place& place) {
  if (table.width() < 1) throw error_at(place, "it has no columns, so there are no labels in it");
  std::vector<std::string> labels;
  std::vector<float> numbers(static_cast<std::size_t>(table.width()));
  for (std::int64_t row = 0; row < table.rows(); ++row) {
    table.read(numbers);
    const auto ones = std::ranges::count(numbers, 1.0F), zeros = std::ranges::count(numbers, 0.0F);
    if (ones != 1 || ones + zeros != std::ssize(numbers))
      throw error_at(place, fmt::format("its {} numbers of row {} are no label", numbers.size(), row),
                     "labels have one value a row, or a single 1 among zeros; --labels none leaves them out");
    labels.push_back(fmt::to_string(std::ranges::find(numbers, 1.0F) - numbers.begin()));
  }
  return labels;
}

}  // namespace pool3::exchange
