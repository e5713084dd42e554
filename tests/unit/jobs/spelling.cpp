#include "console/flags/spelling.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace pool3::jobs {
namespace {

TEST(Spelling, CountsChangedAddedDroppedAndSwappedLetters) {
  EXPECT_EQ(edit_distance("", ""), 0);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(edit_distance("extarct", "extract"), 1);
  EXPECT_EQ(edit_distance("ab", ""), 2);
  EXPECT_EQ(edit_distance("ca", "abc"), 3);  // no letter moves twice
}

TEST(Spelling, TheNearestWordIsMeant) {
  const std::vector<std::string> words = {"train", "extract", "export", "C"};
  EXPECT_EQ(nearest("trian", words), "train");
  EXPECT_EQ(nearest("exp", words), "export");
  EXPECT_EQ(nearest("exract", words), "extract");
  EXPECT_EQ(nearest("C", words), "C");
  EXPECT_EQ(nearest("c", words), "");
  EXPECT_EQ(nearest("publish", words), "");
  EXPECT_EQ(did_you_mean(""), "");
  EXPECT_EQ(did_you_mean("train"), "; did you mean train?");
}

}  // namespace
}  // namespace pool3::jobs
