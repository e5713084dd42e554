#include <gtest/gtest.h>

#include <string>

#include "pool3/error.hpp"

namespace pool3 {
namespace {

TEST(Utf8, TellsWhereItEnds) {
  EXPECT_EQ(valid_utf8(""), 0U);
  EXPECT_EQ(valid_utf8("a\xC3\xA9\xF0\x9F\x98\x80"), 7U);
  EXPECT_EQ(valid_utf8("ab\xFF"), 2U);
  EXPECT_EQ(valid_utf8("a\xC3"), 1U);
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), 0U);  // a surrogate
  EXPECT_EQ(valid_utf8("\xC0\xAF"), 0U);      // an overlong slash
}

TEST(Utf8, KeepsDifferentTextsApart) {
  EXPECT_EQ(utf8_text("caf\xC3\xA9 \\ x"), "caf\xC3\xA9 \\ x");
  EXPECT_EQ(utf8_text("caf\xE9"), "caf\\xe9");
  EXPECT_EQ(utf8_text("caf\xE8"), "caf\\xe8");
  EXPECT_EQ(utf8_text("caf\\xe9"), "caf\\\\xe9");
  EXPECT_EQ(utf8_text("a\\b\xFF"), "a\\\\b\\xff");
}

}  // namespace
}  // namespace pool3
