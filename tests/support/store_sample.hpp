#pragma once
// A small feature file with everything in it, made from a formula.

#include <cmath>
#include <string>
#include <vector>

#include "pool3/store/features.hpp"

namespace pool3::test {

/// What the file is to hold. Row r fails if r % 7 == 3.
struct Sample {
  std::int64_t rows;
  std::int64_t width = 2048;
  std::int64_t block_rows = 4;
  FeatureType type = FeatureType::float32;
  std::vector<std::string> classes = {"baby_shoe", "caf\xc3\xa9", "handbag"};
  std::vector<std::int32_t> labels;
  std::vector<std::string> paths;
  Provenance provenance = {"0.1.0",      std::string(64, 'a'), "a test",         "nsfwjs", "fp32", std::string(32, 'c'),
                           "/data/shop", "directory",          "{\"batch\": 16}"};

  explicit Sample(std::int64_t count) : rows(count) {
    for (Row r = 0; r < rows; ++r) {
      labels.push_back(static_cast<std::int32_t>(r % 4) - 1);
      paths.push_back("shoes/" + std::string(static_cast<std::size_t>(r % 5), 'x') + std::to_string(r) +
                      "_\xc3\xbc.jpg");
    }
  }
  [[nodiscard]] FeatureSpec spec() const {
    FeatureSpec spec;
    spec.rows = rows;
    spec.width = width;
    spec.type = type;
    spec.block_rows = block_rows;
    spec.root = "/data/shop";
    spec.classes = classes;
    spec.labels = labels;
    spec.path = [this](Row r) { return std::string_view(paths[static_cast<std::size_t>(r)]); };
    spec.provenance = provenance;
    return spec;
  }
  [[nodiscard]] static RowStatus status(Row r) { return r % 7 == 3 ? RowStatus::corrupt : RowStatus::done; }
  [[nodiscard]] static float feature(Row r, std::int64_t column) {
    return status(r) == RowStatus::done ? static_cast<float>(std::sin(static_cast<double>(r * 2048 + column))) : 0.0F;
  }
  [[nodiscard]] static ImageKey key(Row r) {
    return {0x0123456789abcdefU ^ static_cast<std::uint64_t>(r), 0xf000000000000000U + static_cast<std::uint64_t>(r)};
  }
  [[nodiscard]] Failure failure(Row r) const {
    return {r, status(r), paths[static_cast<std::size_t>(r)], "bad Huffman code in row " + std::to_string(r)};
  }

  /// Writes one block and its failures.
  void write_block(FeatureWriter& writer, std::int64_t index) const {
    std::vector<Failure> failures;
    for (Row r = writer.block(index).begin; r < writer.block(index).end; ++r) {
      if (status(r) != RowStatus::done) failures.push_back(failure(r));
    }
    write_block(writer, index, failures);
  }
  void write_block(FeatureWriter& writer, std::int64_t index, const std::vector<Failure>& failures) const {
    std::vector<float> features;
    std::vector<ImageKey> keys;
    std::vector<RowStatus> status_of_rows;
    for (Row r = writer.block(index).begin; r < writer.block(index).end; ++r) {
      for (std::int64_t c = 0; c < width; ++c) {
        // Rows that failed hold rubbish here, which must not get into the file.
        features.push_back(status(r) == RowStatus::done ? feature(r, c) : 99.0F);
      }
      keys.push_back(key(r));
      status_of_rows.push_back(status(r));
    }
    writer.write_block(index, features, keys, status_of_rows, failures);
  }
  /// Collective: blocks are dealt out round robin, from the last to the first.
  void write(const Communicator& comm, const std::string& path) const {
    FeatureWriter writer = FeatureWriter::open(comm, path, spec());
    for (std::int64_t b = writer.blocks() - 1; b >= 0; --b) {
      if (b % comm.size() == comm.rank()) write_block(writer, b);
    }
    writer.finish(comm);
  }
};

}  // namespace pool3::test
