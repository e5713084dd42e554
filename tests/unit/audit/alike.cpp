#include "audit/alike.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "audit/picture_pairs.hpp"

namespace pool3::audit {
namespace {

constexpr std::int64_t side = SmallPictures::side;
using Bytes = std::vector<std::uint8_t>;
using Colour = std::array<double, 3>;

/// A face in a square from 0 to 1: a disc, two eyes, and a mouth as far down as `mouth`.
Colour face(double u, double v, double mouth) {
  const double d = std::hypot(u - 0.5, v - 0.5);
  if (d > 0.42) return {255, 255, 255};
  const bool eye = std::hypot(std::abs(u - 0.5) - 0.17, v - 0.38) < 0.06;
  const bool lips = std::abs(u - 0.5) < 0.22 && std::abs(v - mouth) < 0.04;
  return eye || lips ? Colour{90, 50, 20} : Colour{255, 200, 60};
}
/// The part of it from `low` to `high` on each axis, each pixel the mean of what it covers.
Bytes drawn(double mouth, double low = 0, double high = 1) {
  constexpr int fine = 8;
  Bytes pixels;
  for (std::int64_t y = 0; y < side; ++y)
    for (std::int64_t x = 0; x < side; ++x) {
      Colour sum{};
      for (int i = 0; i < fine * fine; ++i) {
        const auto at = [&](std::int64_t p, int part) {
          return low + (high - low) * (static_cast<double>(p) + (part + 0.5) / fine) / side;
        };
        const Colour c = face(at(x, i % fine), at(y, i / fine), mouth);
        for (std::size_t k = 0; k < 3; ++k) sum[k] += c[k] / (fine * fine);
      }
      for (const double s : sum) pixels.push_back(static_cast<std::uint8_t>(std::lround(s)));
    }
  return pixels;
}
/// As JPEG and scaling leave it: each number is off by up to `most`.
Bytes noisy(Bytes pixels, int most) {
  std::minstd_rand random(1);
  for (std::uint8_t& p : pixels)
    p = static_cast<std::uint8_t>(std::clamp(p + static_cast<int>(random() % (2U * most + 1)) - most, 0, 255));
  return pixels;
}
bool near(const Bytes& a, const Bytes& b) { return is_near(rest(a, b), std::min(contrast(a), contrast(b))); }

TEST(Alike, ArePicturesWithNoiseOrWithoutTheirEdge) {
  const Bytes whole = drawn(0.65);
  EXPECT_LT(rest(whole, whole).largest, 1e-9);
  EXPECT_TRUE(near(whole, noisy(whole, 12)));
  for (const double cut : {0.01, 0.02, 0.025}) {
    EXPECT_TRUE(near(whole, drawn(0.65, cut, 1 - cut))) << cut;
    EXPECT_TRUE(near(drawn(0.65, 0, 1 - cut), whole)) << cut;
  }
}

TEST(Alike, AreNotPicturesThatDifferInAPart) {
  const Bytes whole = drawn(0.65);
  EXPECT_FALSE(near(whole, drawn(0.72)));  // another mouth
  EXPECT_FALSE(near(whole, drawn(0.65, 0.2, 0.8)));
  Bytes spot = whole;
  for (std::int64_t y = 12; y < 18; ++y)
    for (std::int64_t i = (y * side + 6) * 3; i < (y * side + 12) * 3; ++i) spot[static_cast<std::size_t>(i)] = 0;
  EXPECT_FALSE(near(whole, spot));
}

/// 2 % of what it holds is much of a pale picture.
TEST(Alike, IsMeasuredByTheContrast) {
  const auto pale = [](const Bytes& picture) {
    Bytes out;
    for (const std::uint8_t p : picture) out.push_back(static_cast<std::uint8_t>(230 + p / 16));
    return out;
  };
  EXPECT_LT(rest(pale(drawn(0.65)), pale(drawn(0.75))).largest, largest_rest);
  EXPECT_FALSE(near(pale(drawn(0.65)), pale(drawn(0.75))));
  EXPECT_TRUE(near(pale(drawn(0.65)), pale(drawn(0.65, 0.02, 0.98))));
  EXPECT_TRUE(near(Bytes(side * side * 3, 255), Bytes(side * side * 3, 255)));
  EXPECT_FALSE(near(Bytes(side * side * 3, 255), Bytes(side * side * 3, 240)));
}

TEST(Alike, IsTheSameBothWaysRound) {
  const Bytes a = drawn(0.65), b = noisy(drawn(0.65, 0.02, 1), 9);
  EXPECT_EQ(rest(a, b).largest, rest(b, a).largest);
  EXPECT_EQ(rest(a, b).usual, rest(b, a).usual);
}

TEST(Alike, ContrastIsTheDeviationOfTheCells) {
  Bytes halves(side * side * 3, 0);
  std::fill(halves.begin() + std::ssize(halves) / 2, halves.end(), std::uint8_t{100});
  EXPECT_DOUBLE_EQ(contrast(halves), 50);
  EXPECT_DOUBLE_EQ(contrast(Bytes(side * side * 3, 9)), 3);  // nobody sees less
}

TEST(PicturePairs, PicturesDecideWhereBothAreThere) {
  const Communicator comm = Communicator::world();
  Bytes pixels;
  for (const Bytes& p : {drawn(0.65), drawn(0.75), noisy(drawn(0.65, 0.02, 0.98), 6), drawn(0.65)})
    pixels.insert(pixels.end(), p.begin(), p.end());
  const SmallPictures pictures{.there = {true, true, true, false}, .pixels = pixels, .owner = {}};
  NearRows by_features(4);
  by_features[0] = {{0.01, 1}, {0.02, 3}};  // 1 is another picture; nobody knows what 3 looks like
  for (const int threads : {1, 3}) {
    const NearRows near = let_pictures_decide(comm, pictures, by_features, threads);
    ASSERT_EQ(near[0].size(), 2U);
    EXPECT_EQ(near[0][0], (Neighbour{0.02, 3}));
    EXPECT_EQ(near[0][1].row, 2);
    EXPECT_LT(near[0][1].distance, near_picture_limit);
    EXPECT_TRUE(near[1].empty() && near[2].empty() && near[3].empty());
  }
}

}  // namespace
}  // namespace pool3::audit
