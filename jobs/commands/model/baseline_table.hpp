#pragma once
// The table of baselines in other commands: beside a model, and as text.

#include <string>
#include <vector>

#include "pool3/baselines.hpp"

namespace pool3::jobs {

/// What a model says of the rows of a catalogue: [rows], by rising row.
struct ModelAnswers {
  std::string catalogue_hash;
  std::vector<Row> rows;
  std::vector<std::int64_t> truth, predicted;
};
/// The table at `path`, each of its kinds compared with the model. Throws Error, of `stage`, if it is of other rows.
/// Not collective.
[[nodiscard]] BaselineTable read_baselines_beside(const std::string& path, const char* stage,
                                                  const ModelAnswers& model);

/// The table of baselines, as text.
void print_baselines(const BaselineTable& table);

}  // namespace pool3::jobs
