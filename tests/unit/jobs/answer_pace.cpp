#include "commands/serving/answer_pace.hpp"

#include <gtest/gtest.h>

namespace pool3::jobs {
namespace {

TEST(Pace, KnowsNothingBeforeABatch) {
  Pace pace;
  pace.begin(100);
  EXPECT_EQ(pace.seconds_of(1000), 0);
  for (int i = 1; i <= 15; ++i) pace.finish(100 + i);
  EXPECT_EQ(pace.seconds_of(1000), 0);
  pace.finish(116);
  EXPECT_DOUBLE_EQ(pace.seconds_of(4), 4);
}

TEST(Pace, IsThatOfBatches) {
  Pace pace;
  double now = 50;
  pace.begin(now);
  for (int batch = 0; batch < 20; ++batch) {  // 16 pictures every 3.2 seconds, at once
    now += 3.2;
    for (int i = 0; i < 16; ++i) pace.finish(now);
    EXPECT_NEAR(pace.seconds_of(1), 0.2, 0.06);
  }
}

TEST(Pace, ForgetsASlowStart) {
  Pace pace;
  pace.begin(0);
  pace.finish(5);
  for (int i = 1; i < 32; ++i) pace.finish(5 + 0.05 * i);
  EXPECT_LT(pace.seconds_of(16), 4);
}

TEST(Pace, LeavesOutTheTimeWithoutPictures) {
  Pace pace;
  for (int i = 0; i < 20; ++i) {
    pace.begin(1000.0 * i);
    pace.finish(1000.0 * i + 0.5);
  }
  EXPECT_NEAR(pace.seconds_of(4), 2, 1e-9);
}

}  // namespace
}  // namespace pool3::jobs
