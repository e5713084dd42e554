#include "commands/matching/row_source.hpp"

#include <fmt/format.h>

#include "pool3/error.hpp"
#include "pool3/numbers.hpp"
#include "pool3/types.hpp"

namespace pool3::jobs {
RowSource::RowSource(const FeatureReader& reader, std::string path, const Model* model, const std::string& model_path,
                     int threads)
    : reader_(reader), path_(std::move(path)), model_(model) {
  if (model == nullptr) return;
  const std::string difference = input_difference(reader, *model);
  if (!difference.empty())
    throw Error({.stage = "neighbours",
                 .path = model_path,
                 .cause = fmt::format("the model is for other features: {}", difference),
                 .advice = "train it on this feature file"});
  scorer_.emplace(*model, threads);
}

std::int64_t RowSource::width() const { return model_ == nullptr ? reader_.width() : model_->columns(); }

std::vector<float> RowSource::of_features(std::vector<float> features) const {
  if (model_ == nullptr) return features;
  const std::vector<double> margins = scorer_->decision_values(features);
  return {margins.begin(), margins.end()};
}

RowBuffer RowSource::read(std::int64_t first, std::int64_t last) const {
  const RowRange rows{reader_.block(first).begin, reader_.block(last - 1).end};
  const std::size_t numbers = index(rows.size() * reader_.width());
  RowBuffer buffer{.width = width(), .floats = {}, .halves = {}};
  if (model_ == nullptr && reader_.type() == FeatureType::float16) {
    buffer.halves.resize(numbers);
    reader_.read_stored(first, last, std::as_writable_bytes(std::span(buffer.halves)));
  } else {
    buffer.floats.resize(numbers);
    reader_.read_blocks(first, last, buffer.floats);
    buffer.floats = of_features(std::move(buffer.floats));
  }
  return buffer;
}

std::vector<float> RowSource::read_floats(std::int64_t first, std::int64_t last) const {
  RowBuffer buffer = read(first, last);
  if (buffer.halves.empty()) return std::move(buffer.floats);
  std::vector<float> floats;
  floats.reserve(buffer.halves.size());
  for (const std::uint16_t bits : buffer.halves) floats.push_back(float_of_half(bits));
  return floats;
}

std::vector<float> RowSource::row(Row row) const {
  const std::int64_t block = reader_.block_of(row);
  const std::vector<float> floats = read_floats(block, block + 1);
  const auto from = floats.begin() + (row - reader_.block(block).begin) * width();
  return {from, from + width()};
}

}  // namespace pool3::jobs
