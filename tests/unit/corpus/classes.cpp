#include <gmock/gmock.h>

#include <algorithm>
#include <iterator>

#include "corpus/sources/braces.hpp"
#include "unit/corpus/fixtures.hpp"

namespace pool3 {
namespace {

using test::labels_of;
using test::listed;
using test::listing_error;
using test::paths_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Classes : public test::CorpusTest {
 protected:
  /// Three pictures of a, one of b, two of c, one of none.
  Classes() {
    for (const char* name : {"a/1.jpg", "a/2.jpg", "a/3.jpg", "b/1.jpg", "c/1.jpg", "c/2.jpg", "loose.jpg"})
      write(name);
  }
  [[nodiscard]] CorpusOptions options() const {
    return {.corpus = {folder.string()}, .labels = parse_label_rule("directory"), .classes = {}};
  }
};

TEST_F(Classes, AFileFixesSetAndOrder) {
  CorpusOptions wanted = options();
  wanted.classes = write("classes.txt",
                         "\xEF\xBB\xBF"
                         "c\r\nunseen\n\na\n");
  const Manifest manifest = listed(wanted);
  EXPECT_THAT(manifest.classes, ElementsAre("c", "unseen", "a"));
  EXPECT_THAT(manifest.labels, ElementsAre(2, 2, 2, 0, 0, -1));
  EXPECT_THAT(labels_of(manifest), ElementsAre("a", "a", "a", "c", "c", ""));
  ASSERT_EQ(manifest.notes.size(), 4U);
  EXPECT_EQ(manifest.notes[0], "left out: 1 file that is no picture by name (.txt 1)");
  EXPECT_THAT(manifest.notes[1], HasSubstr("1 of 7 pictures have no label"));
  EXPECT_THAT(manifest.notes[2], HasSubstr("left out 1 pictures"));
  EXPECT_EQ(manifest.notes[3], "1 class has no picture: \"unseen\"");
  EXPECT_NE(manifest.hash, listed(options()).hash);
  wanted.classes = write("classes.txt", "a\nunseen\nc\n");
  EXPECT_NE(manifest.hash, listed(wanted).hash);  // the numbers of the labels are others
}

TEST_F(Classes, NothingIsLeft) {
  std::filesystem::remove(folder / "loose.jpg");
  CorpusOptions wanted = options();
  wanted.min_per_class = 4;
  EXPECT_EQ(listing_error(wanted).cause, "no class has the 4 pictures that --min-per-class asks for");
  wanted.min_per_class = 0;
  wanted.classes = write("classes.txt", "z\n");
  EXPECT_EQ(listing_error(wanted).cause, "none of its pictures is of a class that " + wanted.classes + " names");
}

TEST_F(Classes, BadFiles) {
  CorpusOptions wanted = options();
  wanted.classes = write("classes.txt", "a\nb\na\n");
  EXPECT_EQ(listing_error(wanted).cause, "lines 1 and 3 name the same class: a");
  wanted.classes = write("classes.txt", "\n");
  EXPECT_EQ(listing_error(wanted).cause, "names no class");
  wanted.classes = (folder / "none").string();
  EXPECT_THAT(listing_error(wanted).cause, HasSubstr("No such file"));
  wanted.min_per_class = 2;
  EXPECT_EQ(listing_error(wanted).code, ExitCode::usage);
}

TEST_F(Classes, SmallOnesAreLeftOut) {
  CorpusOptions wanted = options();
  wanted.min_per_class = 2;
  const Manifest manifest = listed(wanted);
  EXPECT_THAT(manifest.classes, ElementsAre("a", "c"));
  EXPECT_THAT(paths_of(manifest), ElementsAre("a/1.jpg", "a/2.jpg", "a/3.jpg", "c/1.jpg", "c/2.jpg", "loose.jpg"));
  EXPECT_THAT(manifest.labels, ElementsAre(0, 0, 0, 1, 1, -1));
  wanted.min_per_class = -1;
  EXPECT_EQ(listing_error(wanted).code, ExitCode::usage);
}

TEST_F(Classes, ALimitTakesTheSamePicturesAsTheCatalogueGrows) {
  for (int i = 100; i < 200; ++i) write("a/" + std::to_string(i) + ".jpg");
  CorpusOptions wanted = options();
  wanted.limit_per_class = 10;
  const Manifest before = listed(wanted);
  EXPECT_THAT(std::count(before.labels.begin(), before.labels.end(), 0), 10);
  EXPECT_THAT(std::count(before.labels.begin(), before.labels.end(), 2), 2);
  const auto names = paths_of(before);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  write("a/new.jpg");
  const auto after = paths_of(listed(wanted));
  std::vector<std::string> common;
  std::set_intersection(names.begin(), names.end(), after.begin(), after.end(), std::back_inserter(common));
  EXPECT_GE(common.size(), names.size() - 1);
}

TEST(Braces, AreThoseOfAShell) {
  using corpus::expand_braces;
  EXPECT_THAT(expand_braces("a.tar"), ElementsAre("a.tar"));
  EXPECT_THAT(expand_braces("a-{008..011}.tar"), ElementsAre("a-008.tar", "a-009.tar", "a-010.tar", "a-011.tar"));
  EXPECT_THAT(expand_braces("{8..10}"), ElementsAre("8", "9", "10"));
  EXPECT_THAT(expand_braces("{0..1}/{x,y,}z"), ElementsAre("0/xz", "0/yz", "0/z", "1/xz", "1/yz", "1/z"));
  for (const char* bad : {"{", "a{1..", "{}", "{a}", "{1..x}", "{2..1}", "{..3}", "{1..99999999999999999999}",
                          "{0..9999999}", "{0..9999}{0..9999}"}) {
    EXPECT_EQ(test::error_of([&] { return expand_braces(bad); }).code, ExitCode::usage) << bad;
  }
}

}  // namespace
}  // namespace pool3
