// Two feature files beside each other: every number of the report, by definition.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "pool3/store/features.hpp"
#include "pool3/store/maintenance.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace pool3 {
namespace {

constexpr std::int64_t width = 3;

struct Picture {
  std::int32_t label = -1;
  std::uint64_t content = 0;
  bool failed = false;
  std::vector<float> features = std::vector<float>(width, 0.0F);
};
using Catalogue = std::map<std::string, Picture>;  // by path

class Diff : public testing::Test {
 protected:
  std::string write_rows(const std::string& name, const std::vector<std::pair<std::string, Picture>>& rows) {
    FeatureSpec spec{.rows = std::ssize(rows), .width = width, .block_rows = 4, .root = "/data", .classes = {"a", "b"}};
    std::vector<std::int32_t> labels;
    labels.reserve(rows.size());
    for (const auto& [path, picture] : rows) labels.push_back(picture.label);
    spec.labels = labels;
    spec.path = [&](Row r) -> std::string_view { return rows[static_cast<std::size_t>(r)].first; };
    FeatureWriter writer = FeatureWriter::open(comm_, folder_ / name, spec);
    for (std::int64_t b = 0; b < writer.blocks(); ++b) {
      std::vector<float> features;
      std::vector<ImageKey> keys;
      std::vector<RowStatus> status;
      std::vector<Failure> failures;
      for (Row r = writer.block(b).begin; r < writer.block(b).end; ++r) {
        const auto& [path, picture] = rows[static_cast<std::size_t>(r)];
        features.insert(features.end(), picture.features.begin(), picture.features.end());
        keys.push_back({.high = 1, .low = picture.content});
        status.push_back(picture.failed ? RowStatus::corrupt : RowStatus::done);
        if (picture.failed) failures.push_back({r, RowStatus::corrupt, path, "broken"});
      }
      writer.write_block(b, features, keys, status, failures);
    }
    writer.finish(comm_);
    return folder_ / name;
  }
  std::string write(const std::string& name, const Catalogue& catalogue) {
    return write_rows(name, {catalogue.begin(), catalogue.end()});
  }

  Communicator comm_ = Communicator::world();
  test::TemporaryFolder folder_;
};

Catalogue drawn(std::mt19937& random, const char* name) {
  const auto below = [&](unsigned n) { return static_cast<int>(random() % n); };
  Catalogue catalogue;
  for (int i = 0; i < 400; ++i) {
    if (below(3) == 0) continue;
    Picture picture{.label = below(3) - 1, .content = static_cast<std::uint64_t>(below(2)), .failed = below(3) == 0};
    for (float& x : picture.features)
      x = static_cast<float>(picture.failed ? 0 : below(3));  // zeros alone, now and then
    catalogue[std::to_string(i)] = picture;
  }
  catalogue[name] = {};
  return catalogue;
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = a[i], y = b[i];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  if (aa == 0 || bb == 0) return aa == bb ? 1 : 0;
  return std::min(1.0, ab / std::sqrt(aa * bb));
}

/// docs/format.md's and the header's words, over maps.
DiffReport by_definition(const Catalogue& a, const Catalogue& b, std::vector<double>& cosines) {
  DiffReport r{.rows_a = std::ssize(a), .rows_b = std::ssize(b)};
  for (const auto& [path, mine] : a) {
    r.failed_a += mine.failed ? 1 : 0;
    r.removed += b.contains(path) ? 0 : 1;
  }
  for (const auto& [path, now] : b) {
    const Picture* before = a.contains(path) ? &a.at(path) : nullptr;
    const bool changed = before != nullptr && before->content != now.content;
    r.added += before == nullptr ? 1 : 0;
    r.changed += changed ? 1 : 0;
    r.relabelled += before != nullptr && before->label != now.label ? 1 : 0;
    r.failed_b += now.failed ? 1 : 0;
    r.added_failed += before == nullptr && now.failed ? 1 : 0;
    r.changed_failed += changed && now.failed ? 1 : 0;
    r.newly_failed += now.failed && (before == nullptr || changed || !before->failed) ? 1 : 0;
    r.newly_done += before != nullptr && before->failed && !now.failed ? 1 : 0;
    if (before != nullptr && !changed && !before->failed && !now.failed)
      cosines.push_back(cosine(before->features, now.features));
  }
  std::ranges::sort(cosines);
  r.compared = std::ssize(cosines);
  return r;
}

TEST_F(Diff, CountsByDefinition) {
  std::mt19937 random(3);
  for (int i = 0; i < 4; ++i) {
    const Catalogue a = drawn(random, "0 only in a"), b = drawn(random, "zz only in b");
    std::vector<double> cosines;
    const DiffReport wanted = by_definition(a, b, cosines);
    const std::string suffix = std::to_string(i);
    const DiffReport r = diff_features(comm_, write("a" + suffix, a), write("b" + suffix, b));
    const auto counts = [](const DiffReport& d) {
      return std::vector{d.rows_a,         d.rows_b,     d.added,    d.removed,      d.changed,
                         d.relabelled,     d.failed_a,   d.failed_b, d.newly_failed, d.added_failed,
                         d.changed_failed, d.newly_done, d.compared};
    };
    EXPECT_EQ(counts(r), counts(wanted));
    ASSERT_GT(cosines.size(), 10U);
    double sum = 0;
    for (const double value : cosines) sum += value;
    EXPECT_NEAR(r.mean, sum / static_cast<double>(cosines.size()), 1e-9);
    EXPECT_NEAR(r.least, cosines.front(), 1e-9);
    EXPECT_NEAR(cosine(a.at(r.least_path).features, b.at(r.least_path).features), r.least, 1e-9);
    const auto middle = static_cast<std::size_t>(std::ceil(0.5 * static_cast<double>(cosines.size()))) - 1;
    EXPECT_NEAR(r.quantiles[3], cosines[middle], 2e-5);
  }
}

TEST_F(Diff, OfPathsThatDoNotRiseIsRefused) {
  const std::string good = write("good", Catalogue{{"a", {}}, {"b", {}}, {"c", {}}});
  const std::string bad = write_rows("bad", {{"a", {}}, {"c", {}}, {"b", {}}});
  for (const auto& pair : {std::pair(good, bad), {bad, good}})
    EXPECT_THAT(test::error_of([&] { static_cast<void>(diff_features(comm_, pair.first, pair.second)); }).line,
                testing::HasSubstr("bad: rows 0 to 2: paths are not in byte order"));
}

}  // namespace
}  // namespace pool3
