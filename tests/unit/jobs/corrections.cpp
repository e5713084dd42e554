#include "commands/serving/corrections.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "support/error_of.hpp"
#include "support/slurp.hpp"
#include "support/temporary_folder.hpp"

namespace pool3::jobs {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::string png = "\x89PNG and more";

TEST(Corrections, KeepAPictureAndALine) {
  const test::TemporaryFolder folder;
  Corrections kept(folder / "wrong", 2);
  EXPECT_EQ(kept.keep({png, "boot", "shoe"}), "");
  EXPECT_THAT(test::slurp(folder / "wrong/answers.jsonl"), HasSubstr(R"("label":"boot","predicted":"shoe")"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / "wrong/boot"), fs::directory_iterator()), 1);
}

TEST(Corrections, KeepAPictureUnderAnEndingOfItsFormat) {
  EXPECT_EQ(ending_of(png), "png");
  EXPECT_EQ(ending_of("P6\n1 1\n255\nabc"), "ppm");
  EXPECT_EQ(ending_of("P2 1 1 9 9"), "pgm");
  EXPECT_EQ(ending_of("P4 1 1 1"), "pbm");
}

TEST(Corrections, NamesOfClassesAreNoPathsAndNotThatOfTheList) {
  for (const char* name : {"", ".", "..", "a/b", "a\\b", " a", "a\nb", "answers.jsonl"})
    EXPECT_FALSE(is_good_label(name)) << name;
  for (const char* name : {"a", "a b", "caf\xc3\xa9", "answers"}) EXPECT_TRUE(is_good_label(name)) << name;
}

/// Whoever may write to the folder can't have the server write elsewhere.
TEST(Corrections, APlantedLinkIsNotFollowed) {
  const test::TemporaryFolder folder;
  const std::string other = folder / "other";
  test::spit(other, "precious");
  Corrections kept(folder / "wrong", 2);
  fs::create_symlink(other, folder / "wrong/answers.jsonl");
  EXPECT_THAT(test::error_of([&] {
                static_cast<void>(kept.keep({png, "boot", "shoe"}));
              }).cause,
              HasSubstr("symbolic link"));
  EXPECT_EQ(test::slurp(other), "precious");
}

}  // namespace
}  // namespace pool3::jobs
