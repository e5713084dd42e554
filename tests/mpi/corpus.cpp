// The catalogue over ranks: the same for any number of them.

#include "pool3/corpus.hpp"

#include <gmock/gmock.h>

#include "support/error_of.hpp"
#include "support/shared_folder.hpp"
#include "support/tar_bytes.hpp"

namespace pool3 {
namespace {

namespace fs = std::filesystem;
using test::spit;
using test::tar_end;
using test::tar_member;

class CorpusRanks : public ::testing::Test {
 protected:
  void TearDown() override { comm_.barrier(); }
  [[nodiscard]] std::string at(const std::string& file) const { return folder_ / file; }
  void write(const std::string& name, const std::string& content) const {
    fs::create_directories(fs::path(at(name)).parent_path());
    spit(at(name), content);
  }
  [[nodiscard]] Manifest list(const std::vector<std::string>& corpus, const std::string& rule = "directory") const {
    return list_corpus(comm_, {.corpus = corpus, .labels = parse_label_rule(rule), .classes = {}});
  }
  /// 300 folders of three levels with 900 pictures of different sizes, and symlinks that lead up and across.
  std::vector<std::string> make_tree() const {
    std::vector<std::string> paths;
    for (int i = 0; i < 900; ++i) {
      const std::string folder = "c" + std::to_string(i % 7) + "/f" + std::to_string(i % 300 / 7) + "/g";
      paths.push_back(folder + "/" + std::to_string(i) + ".png");
      if (comm_.is_root()) write(paths.back(), std::string(static_cast<std::size_t>(i), 'x'));
    }
    if (comm_.is_root()) {
      fs::create_directory_symlink(folder_.path(), at("c0/up"));
      fs::create_directory_symlink(at("c1/f0"), at("c0/across"));
      fs::create_directory_symlink(at("c1/f0"), at("c3/later"));
    }
    for (const std::string& path : std::vector<std::string>(paths)) {
      if (path.starts_with("c1/f0/")) paths.push_back("c0/across/" + path.substr(6));
    }
    std::sort(paths.begin(), paths.end());
    comm_.barrier();
    return paths;
  }

  Communicator comm_ = Communicator::world();
  test::SharedFolder folder_{comm_};
};

TEST_F(CorpusRanks, a_tree_is_listed_in_byte_order) {
  const std::vector<std::string> expected = make_tree();
  const Manifest manifest = list({folder_.path()});
  ASSERT_EQ(manifest.size(), comm_.is_root() ? static_cast<std::int64_t>(expected.size()) : 0);
  for (std::int64_t row = 0; row < manifest.size(); ++row) {
    const auto i = static_cast<std::size_t>(row);
    EXPECT_EQ(manifest.paths[row], expected[i]);
    const std::string name = fs::path(expected[i]).stem();
    EXPECT_EQ(manifest.bytes[i], std::stoll(name));
    EXPECT_EQ(manifest.classes[static_cast<std::size_t>(manifest.labels[i])], expected[i].substr(0, 2));
  }
}

TEST_F(CorpusRanks, the_catalogue_does_not_depend_on_the_ranks) {
  make_tree();
  if (comm_.is_root()) {
    for (int i = 0; i < 7; ++i) {
      std::string tar;
      for (int k = 0; k < 5 + i; ++k) tar += tar_member(std::to_string(k) + ".jpg", std::string(10, 'a'));
      write("s-" + std::to_string(i) + ".tar", tar + tar_end());
    }
    write("t.txt", "c0/f0/g/0.png\nmissing.png\n");
  }
  comm_.barrier();
  const std::vector<std::string> corpus = {at("s-{0..6}.tar"), folder_.path(), at("t.txt")};
  const Manifest all = list(corpus, "none");
  const Communicator alone = comm_.split(comm_.is_root() ? 0 : 1);
  comm_.barrier();
  if (!comm_.is_root()) return;
  const Manifest one = list_corpus(alone, {.corpus = corpus, .labels = parse_label_rule("none"), .classes = {}});
  EXPECT_EQ(all.hash, one.hash);
  EXPECT_EQ(all.bytes, one.bytes);
  EXPECT_GT(all.size(), 956);  // 900, 56 in shards, one missing, and what the symlink shows again
}

TEST_F(CorpusRanks, an_error_reaches_every_rank) {
  for (const char* name : {"nowhere", "none.tar", "broken.tar"}) {
    if (comm_.is_root()) write("broken.tar", "no tar file");
    comm_.barrier();
    const test::Caught error = test::error_of([&] { return list({at(name)}); });
    EXPECT_TRUE(comm_.all(error.collective && error.path == at(name))) << name;
  }
}

}  // namespace
}  // namespace pool3
