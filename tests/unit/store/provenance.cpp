// What files say of how pictures became input.

#include <gtest/gtest.h>

#include "pool3/store/features.hpp"

namespace pool3 {
namespace {

TEST(Preprocessing, ItsTextIsReadBack) {
  EXPECT_EQ(to_string(Preprocessing{"nsfwjs", false}), "nsfwjs");
  EXPECT_EQ(to_string(Preprocessing{"keras", true}), "keras, fast-decode");
  EXPECT_EQ(to_string(Preprocessing{"keras", true, false, 1000}),
            "keras, fast-decode, ignore-orientation, max-pixels 1000");
  for (const Preprocessing& one :
       {Preprocessing{"tf2015", true}, Preprocessing{"torchvision", false}, Preprocessing{"nsfwjs", false, false},
        Preprocessing{"nsfwjs", true, true, 7}, Preprocessing{"of another program, ignore-it", false, false, 7}})
    EXPECT_EQ(parse_preprocessing(to_string(one)), one);
}

TEST(Preprocessing, OrientationMakesAnotherKindOfRowAndTheLimitOfPixelsDoesNot) {
  const auto made = [](const Preprocessing& one) { return Provenance{.profile = to_string(one)}; };
  const Provenance usual = made({"nsfwjs"});
  EXPECT_EQ(kind_difference(made({"nsfwjs", false, false}), usual),
            "profile: nsfwjs, ignore-orientation here, nsfwjs there");
  EXPECT_EQ(kind_difference(made({"nsfwjs", false, true, 9}), usual), "");
  EXPECT_EQ(job_difference(made({"nsfwjs", false, true, 9}), usual),
            "profile: nsfwjs, max-pixels 9 here, nsfwjs there");
}

}  // namespace
}  // namespace pool3
