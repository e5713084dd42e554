#include "commands/serving/pace.hpp"

#include <gtest/gtest.h>

namespace pool3::jobs {
namespace {

TEST(Pace, KnowsNothingBeforeTheFirstPicture) {
  Pace pace;
  pace.begin(100);
  EXPECT_EQ(pace.seconds_of(1000), 0);
}

TEST(Pace, IsThatOfBatches) {
  Pace pace;
  double now = 50;
  pace.begin(now);
  for (int batch = 0; batch < 20; ++batch) {  // 16 pictures every 3.2 seconds, at once
    now += 3.2;
    for (int i = 0; i < 16; ++i) pace.finish(now);
    if (batch > 10) EXPECT_NEAR(pace.seconds_of(1), 0.2, 0.06);
  }
}

TEST(Pace, LeavesOutTheTimeWithoutPictures) {
  Pace pace;
  pace.begin(0);
  pace.finish(0.5);
  pace.begin(1000);
  pace.finish(1000.5);
  EXPECT_DOUBLE_EQ(pace.seconds_of(4), 2);
}

}  // namespace
}  // namespace pool3::jobs
