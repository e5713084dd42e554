#pragma once
// A temporary folder, and the look of a manifest.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "pool3/corpus.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace pool3::test {

namespace fs = std::filesystem;

/// A folder of its own for each test.
class CorpusTest : public ::testing::Test {
  TemporaryFolder place_;

 protected:
  /// Writes a file under the folder, and the folders above it. Its path, which callers may know.
  // NOLINTNEXTLINE(modernize-use-nodiscard)
  std::string write(const std::string& name, const std::string& content = "x") const {
    return place_.write(name, content);
  }
  void link(const std::string& target, const std::string& name) const {
    fs::create_directories((folder / name).parent_path());
    fs::create_symlink(target, folder / name);
  }

  const fs::path folder = place_.path();  // NOLINT(readability-identifier-naming): tests name it in each line
};

/// As on a single rank.
inline Manifest listed(const CorpusOptions& options) { return list_corpus(Communicator::world(), options); }
inline Manifest listed(const fs::path& corpus, const std::string& rule = "directory") {
  return listed(CorpusOptions{.corpus = {corpus.string()}, .labels = parse_label_rule(rule), .classes = {}});
}

inline std::vector<std::string> paths_of(const Manifest& manifest) {
  std::vector<std::string> paths;
  for (std::int64_t i = 0; i < manifest.size(); ++i) paths.emplace_back(manifest.paths[i]);
  return paths;
}

inline std::vector<std::string> labels_of(const Manifest& manifest) {
  std::vector<std::string> labels;
  for (const std::int32_t label : manifest.labels) {
    labels.push_back(label < 0 ? "" : manifest.classes.at(static_cast<std::size_t>(label)));
  }
  return labels;
}

/// The error that listing gives.
inline Caught listing_error(const CorpusOptions& options) {
  return error_of([&] { return listed(options); });
}
inline Caught listing_error(const fs::path& corpus, const std::string& rule = "none") {
  return error_of([&] { return listed(corpus, rule); });
}

}  // namespace pool3::test
