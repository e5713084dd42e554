#include "corpus/class_notes.hpp"

#include <gmock/gmock.h>

#include "unit/corpus/fixtures.hpp"

namespace pool3::corpus {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> notes_of(const std::vector<std::string>& classes, const std::vector<std::int64_t>& counts) {
  return class_notes(classes, counts, parse_label_rule("directory"));
}

constexpr const char* composed = "caf\u00E9";
constexpr const char* decomposed = "cafe\u0301";

TEST(Folded, IsTheSameForAllFormsOfAWord) {
  EXPECT_EQ(folded(composed, false), folded(decomposed, false));
  EXPECT_NE(folded(composed, false), folded("cafe", false));
  EXPECT_NE(folded("Caf\u00C9", false), folded(composed, false));
  EXPECT_EQ(folded("Caf\u00C9", true), folded(composed, true));
  EXPECT_EQ(folded("\uD55C", false), U"\u1112\u1161\u11AB");    // Hangul, as Unicode's own example takes it apart
  EXPECT_EQ(folded("\u304C", false), U"\u304B\u3099");          // Hiragana ga
  EXPECT_EQ(folded("\u1EC7", false), U"e\u0323\u0302");         // Vietnamese, in two steps
  EXPECT_EQ(folded("\u212B", false), folded("\u00C5", false));  // Angstrom
  EXPECT_EQ(folded("\u0416\u042F", true), folded("\u0436\u044F", true));
  for (const char* broken : {"\xFF", "\xC3", "\xC3(", "\xE2\x82", "\xF5\x80\x80\x80"})
    EXPECT_NE(folded(broken, true), folded("\u00FF", true));
}

TEST(ClassNotes, NothingIsSaidOfUsualClasses) { EXPECT_THAT(notes_of({"a", "b"}, {10, 12}), IsEmpty()); }

TEST(ClassNotes, OneClass) {
  EXPECT_THAT(notes_of({"a"}, {12}),
              ElementsAre("all 12 pictures with a label are of one class, \"a\"; a classifier needs "
                          "two: is --labels directory what you want?"));
}

TEST(ClassNotes, NearlyEveryPictureIsAClassOfItsOwn) {
  std::vector<std::string> names;
  for (char c = 'a'; c < 'm'; ++c) names.emplace_back(1, c);
  const std::vector<std::int64_t> one(12, 1), four(12, 4);
  EXPECT_THAT(notes_of(names, one),
              ElementsAre("12 classes for 12 pictures: nearly every picture is a class of its own; "
                          "is --labels directory what you want?"));
  EXPECT_THAT(notes_of(names, four), IsEmpty());
}

TEST(ClassNotes, TheSameWordTwice) {
  EXPECT_THAT(notes_of({"Cats", "cats", "dogs"}, {12, 3, 4}),
              ElementsAre("classes that differ only in case or Unicode form: \"Cats\" (12) and \"cats\" (3)"));
  EXPECT_THAT(notes_of({decomposed, composed}, {2, 3}),
              ElementsAre(std::string("classes that differ only in case or Unicode form: \"") + decomposed +
                          "\" (2) and \"" + composed + "\" (3) in composed and decomposed form"));
}

TEST(ClassNotes, ClassesWithoutAPicture) {
  EXPECT_THAT(notes_of({"a", "b", "c", "d", "e", "f"}, {0, 9, 0, 9, 0, 0}),
              ElementsAre("4 classes have no picture: \"a\", \"c\", \"e\" and 1 more"));
}

class PathsOfLists : public test::CorpusTest {};

/// One rule: the folder below the list's own, however the path is written; and the file's folder outside.
TEST_F(PathsOfLists, AbsoluteAndRelativeOnesGiveTheSameLabels) {
  std::filesystem::create_directory_symlink(folder.string(), folder / "link");
  for (const char* name : {"list/cats/red/1.jpg", "list/dogs/2.jpg", "outside/birds/3.jpg"}) write(name);
  const std::string relative = "cats/red/1.jpg\n./dogs/2.jpg\n../outside/birds/3.jpg\n";
  const std::string root = folder.string();
  const std::string absolute =
      root + "/list/cats/red/1.jpg\n" + root + "/list/dogs/2.jpg\n" + root + "/outside/birds/3.jpg\n";
  const std::string linked = root + "/link/list/cats/red/1.jpg\n" + root + "/link/list/x/../dogs/2.jpg\n";
  const auto labels = [&](const std::string& list, const std::string& through = "") {
    write("list/l.txt", list);
    const Manifest manifest = test::listed(
        {.corpus = {root + through + "/list/l.txt"}, .labels = parse_label_rule("directory"), .classes = {}});
    std::vector<std::string> found = test::labels_of(manifest);
    std::ranges::sort(found);
    return found;
  };
  EXPECT_THAT(labels(relative), ElementsAre("birds", "cats", "dogs"));
  EXPECT_THAT(labels(absolute), ElementsAre("birds", "cats", "dogs"));
  EXPECT_THAT(labels(linked, "/link"), ElementsAre("cats", "dogs"));
}

}  // namespace
}  // namespace pool3::corpus
