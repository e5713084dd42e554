#pragma once
// A finished feature file as readers see it: one file, or several that a link file puts in a row.

#include <string>
#include <vector>

#include "store/features/feature_tables.hpp"

namespace pool3::store {

/// One file of rows, and where its rows and blocks are in the whole.
struct Part {
  Tables tables;
  Dataset failures;
  Row first_row = 0;
  std::int64_t first_block = 0;
  [[nodiscard]] RowRange rows() const { return {first_row, first_row + tables.rows}; }
};

/// Opens a feature file or all parts of a link file. Throws Error.
[[nodiscard]] std::vector<Part> open_parts(const Place& place);

/// All entries of its failures, their checksum and order checked. Throws Error.
[[nodiscard]] std::vector<Failure> failures_of(const Part& part);

/// How the tables of two parts of one whole differ in what they must share, or "".
[[nodiscard]] std::string parts_difference(const Tables& a, const Tables& b);

/// Calls `action(part, rows)` for each part that has some of `rows`; `rows` are then counted within the part.
template <typename Action>
void for_each_part(const std::vector<Part>& parts, RowRange rows, Action&& action) {
  for (const Part& part : parts) {
    const Row begin = std::max(rows.begin, part.rows().begin);
    const Row end = std::min(rows.end, part.rows().end);
    if (begin < end) action(part, RowRange{begin - part.first_row, end - part.first_row});
  }
}

/// What part of a catalogue a file holds; 1 of 1 if it does not say.
struct PartOf {
  std::int64_t part = 1, parts = 1;
};
[[nodiscard]] PartOf part_of(const Tables& tables);

}  // namespace pool3::store
