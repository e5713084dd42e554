#pragma once
// What neighbours are asked for: rows of the file, and pictures.

#include <string>
#include <vector>

#include "command.hpp"
#include "commands/matching/row_source.hpp"
#include "pool3/store/features.hpp"
#include "setup/network_options.hpp"

namespace pool3::jobs {

/// One question.
struct Query {
  std::string name;                ///< path of the picture: as it was given, or as the catalogue has it
  Row row = -1;                    ///< of the file, or -1
  std::string error, stage, code;  ///< why there is no answer, or empty
};

/// Questions, and the rows of those without an error.
struct Queries {
  std::vector<Query> list;
  std::vector<std::size_t> asked;  ///< indices into `list`
  std::vector<float> features;     ///< [asked, width of the source]
};

/// The questions in these words: a number is a row of the file, a folder or table or tar file all its pictures, else a
/// picture. Collective; the same on every rank. Throws a collective Error.
[[nodiscard]] std::vector<Query> parse_queries(const Context& context, const FeatureReader& reader,
                                               const std::vector<std::string>& words);

/// Reads or computes their features: pictures go through the network that made the file, shared out to the ranks.
/// Collective; the same on every rank. Throws a collective Error.
[[nodiscard]] Queries load_queries(const Context& context, const RowSource& source, std::vector<Query> list,
                                   const NetworkFlags& network);

}  // namespace pool3::jobs
