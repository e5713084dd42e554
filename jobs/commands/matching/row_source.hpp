#pragma once
// Rows of a feature file as they are searched: its features, or the margins that a model gives them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pool3/neighbours.hpp"
#include "pool3/prediction.hpp"
#include "pool3/store/features.hpp"
#include "pool3/store/model.hpp"

namespace pool3::jobs {

class RowSource {
 public:
  /// `model`: or null for the features themselves. Both must outlive it. `threads` of the model's products. Throws
  /// Error if the model is for other features.
  RowSource(const FeatureReader& reader, std::string path, const Model* model, const std::string& model_path,
            int threads);

  [[nodiscard]] const FeatureReader& reader() const { return reader_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::int64_t width() const;
  /// Blocks [first, last), all rows of them: as stored, or as margins. Throws Error.
  [[nodiscard]] RowBuffer read(std::int64_t first, std::int64_t last) const;
  /// The same for features [n, width of the file] that come from elsewhere.
  [[nodiscard]] std::vector<float> of_features(std::vector<float> features) const;
  /// The same as read(), as floats.
  [[nodiscard]] std::vector<float> read_floats(std::int64_t first, std::int64_t last) const;
  /// One row, as floats. Throws Error.
  [[nodiscard]] std::vector<float> row(Row row) const;

 private:
  const FeatureReader& reader_;
  std::string path_;
  const Model* model_;
  std::optional<Scorer> scorer_;
};

}  // namespace pool3::jobs
