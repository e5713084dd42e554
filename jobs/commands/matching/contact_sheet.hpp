#pragma once
// A picture of queries and their neighbours: a line a query.

#include <string>
#include <vector>

#include "commands/matching/file_search.hpp"
#include "commands/matching/queries.hpp"
#include "pool3/store/features.hpp"

namespace pool3::jobs {

struct SheetLine {
  Query query;
  std::vector<Answer> answers;
};

/// The bytes of a PNG file. First the query, framed, then its neighbours, each over its label and distance; the label
/// is green where it is that of the query's row. Pictures that can't be read become plain tiles. Not collective.
[[nodiscard]] std::string draw_sheet(const FeatureReader& reader, const std::vector<SheetLine>& lines);

}  // namespace pool3::jobs
