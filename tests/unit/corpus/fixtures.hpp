#pragma once
// A temporary folder, and the look of a manifest.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "pool3/corpus.hpp"
#include "pool3/error.hpp"

namespace pool3::testing {

namespace fs = std::filesystem;

/// A folder of its own for each test; gone afterwards.
class CorpusTest : public ::testing::Test {
 protected:
  CorpusTest() {
    std::string name = (fs::canonical(fs::temp_directory_path()) / "pool3_corpus_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
    folder = name;
  }
  ~CorpusTest() override {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }

  /// Writes a file under the folder, and the folders above it.
  std::string write(const std::string& name, const std::string& content = "x") const {
    const fs::path path = folder / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }
  void link(const std::string& target, const std::string& name) const {
    fs::create_directories((folder / name).parent_path());
    fs::create_symlink(target, folder / name);
  }

  fs::path folder;
};

/// As on a single rank.
inline Manifest listed(CorpusOptions options) { return list_corpus(Communicator::world(), options); }
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

/// The fields of the Error that listing gives.
inline ErrorFields error_of(const fs::path& corpus, const std::string& rule = "none") {
  try {
    static_cast<void>(listed(corpus, rule));
  } catch (const Error& error) {
    return error.fields();
  }
  return {.cause = "no error", .code = ExitCode::ok};
}

}  // namespace pool3::testing
