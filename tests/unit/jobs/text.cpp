#include "console/text.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace pool3::jobs {
namespace {

TEST(Text, ClocksShowHoursOnlyIfThereAreAny) {
  EXPECT_EQ(clock_text(0), "0:00");
  EXPECT_EQ(clock_text(59.4), "0:59");
  EXPECT_EQ(clock_text(59.5), "1:00");
  EXPECT_EQ(clock_text(123), "2:03");
  EXPECT_EQ(clock_text(3599), "59:59");
  EXPECT_EQ(clock_text(3723), "1:02:03");
  EXPECT_EQ(clock_text(360000), "100:00:00");
  EXPECT_EQ(clock_text(-5), "0:00");
}

TEST(Text, BytesInPowersOfAThousand) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1000), "1.0 kB");
  EXPECT_EQ(bytes_text(1'550'000), "1.6 MB");
  EXPECT_EQ(bytes_text(1.5e9), "1.5 GB");
  EXPECT_EQ(bytes_text(2e12), "2.0 TB");
  EXPECT_EQ(bytes_text(3e15), "3.0 PB");
  EXPECT_EQ(bytes_text(4e18), "4000.0 PB");
}

TEST(Text, Numbers) {
  EXPECT_EQ(scientific(0.000032), "3.2e-05");
  EXPECT_EQ(scientific(0), "0.0e+00");
  EXPECT_EQ(number_text(0.1), "0.1");
  EXPECT_EQ(number_text(100), "100");
  EXPECT_EQ(number_text(1e-5), "1e-05");
  EXPECT_EQ(number_text(123456789), "1.23457e+08");
  EXPECT_EQ(fixed(2.0 / 3, 4), "0.6667");
  EXPECT_EQ(fixed(0.5, 0), "0");  // half to even, as printf does
  EXPECT_EQ(fixed(-1.25, 1), "-1.2");
  EXPECT_EQ(fixed(1e15, 0), "1000000000000000");
  EXPECT_EQ(fixed(std::numeric_limits<double>::infinity(), 2), "inf");
}

}  // namespace
}  // namespace pool3::jobs
