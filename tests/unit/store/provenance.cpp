// What files say of how pictures became input.

#include <gtest/gtest.h>

#include "pool3/features.hpp"

namespace pool3 {
namespace {

TEST(Preprocessing, ItsTextIsReadBack) {
  EXPECT_EQ(to_string(Preprocessing{"nsfwjs", false}), "nsfwjs");
  EXPECT_EQ(to_string(Preprocessing{"keras", true}), "keras, fast-decode");
  for (const Preprocessing& one : {Preprocessing{"tf2015", true}, Preprocessing{"torchvision", false}})
    EXPECT_EQ(parse_preprocessing(to_string(one)), one);
}

}  // namespace
}  // namespace pool3
