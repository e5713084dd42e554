// Writes a feature file for tests. Drawn rows, sorted by class, which feature k % 64 tells, or given rows:
//   make_features F.h5 float16|float32 WIDTH CLASSES ROWS
//   make_features F.h5 float16|float32 WIDTH CLASSES X.f32 LABELS.i32

#include <fmt/format.h>

#include <functional>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "pool3/error.hpp"
#include "pool3/store/features.hpp"
#include "support/slurp.hpp"

namespace {

using pool3::test::read_numbers;

struct Rows {
  std::int64_t width = 0;
  std::vector<std::int32_t> labels;
  std::function<void(std::int64_t row, std::span<float> out)> features;
};

/// Uniform noise, a function of the row alone.
void draw(std::int64_t row, std::int32_t label, std::span<float> out) {
  std::uint64_t state = 0x9E3779B97F4A7C15ULL * static_cast<std::uint64_t>(row + 1);
  for (float& value : out) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    value = static_cast<float>(state >> 40U) / 16777216.0F + (&value - out.data() == label % 64 ? 0.5F : 0.0F);
  }
}

Rows drawn_rows(std::int64_t width, std::int64_t count, std::int32_t classes) {
  Rows rows{.width = width};
  for (std::int64_t i = 0; i < count; ++i) rows.labels.push_back(static_cast<std::int32_t>(i * classes / count));
  rows.features = [labels = rows.labels](std::int64_t i, std::span<float> out) {
    draw(i, labels[std::size_t(i)], out);
  };
  return rows;
}

Rows given_rows(std::int64_t width, const std::string& x, const std::string& labels) {
  Rows rows{.width = width, .labels = read_numbers<std::int32_t>(labels)};
  rows.features = [all = read_numbers<float>(x)](std::int64_t i, std::span<float> out) {
    std::copy_n(all.begin() + i * std::ssize(out), out.size(), out.begin());
  };
  return rows;
}

void write(const pool3::Communicator& comm, const std::string& path, const std::string& type, std::int32_t classes,
           const Rows& rows) {
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < rows.labels.size(); ++i) paths.push_back(fmt::format("{:09}.png", i));
  pool3::FeatureSpec spec{.rows = std::ssize(rows.labels), .width = rows.width, .root = "/", .labels = rows.labels};
  spec.type = type == "float16" ? pool3::FeatureType::float16 : pool3::FeatureType::float32;
  for (std::int32_t k = 0; k < classes; ++k) spec.classes.push_back("class" + std::to_string(k));
  spec.path = [&](pool3::Row row) { return std::string_view(paths[std::size_t(row)]); };
  spec.provenance = {"test", std::string(64, 'a'), "a test", "nsfwjs", "fp32", std::string(32, 'c'), "none", "none",
                     "{}"};
  auto writer = pool3::FeatureWriter::open(comm, path, spec);
  for (std::int64_t b = 0; b < writer.blocks(); ++b) {
    const pool3::RowRange block = writer.block(b);
    std::vector<float> x(std::size_t(block.size() * rows.width));
    std::vector<pool3::ImageKey> keys;
    for (std::int64_t i = block.begin; i < block.end; ++i) {
      rows.features(i, std::span(x).subspan(std::size_t((i - block.begin) * rows.width), std::size_t(rows.width)));
      keys.push_back({static_cast<std::uint64_t>(i), 1});
    }
    writer.write_block(b, x, keys, std::vector(keys.size(), pool3::RowStatus::done), {});
  }
  writer.finish(comm);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const pool3::MpiSession session(argc, argv);
    if (argc != 6 && argc != 7) return 2;
    const std::int64_t width = std::stoll(argv[3]);
    const auto classes = static_cast<std::int32_t>(std::stoi(argv[4]));
    write(pool3::Communicator::world(), argv[1], argv[2], classes,
          argc == 6 ? drawn_rows(width, std::stoll(argv[5]), classes) : given_rows(width, argv[5], argv[6]));
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "make_features: " << error.what() << '\n';
    return 1;
  }
}
